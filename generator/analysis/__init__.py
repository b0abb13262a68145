"""What can be measured on a finished score.

keys          the key
statistics    density, pitches, beat, volume: one number each
bars          which bars and passages recur
fingerprints  whether two songs hold the same music
"""
