"""Any number of parts arranged for the console's four channels.

arrange    an uploaded file as a tune, and its arrangements for training
voices     what each player or hand plays
features   what can be measured of each voice over time
salience   how much a voice is heard as melody, bass or harmony
viterbi    which voice to follow when
reduction  the voices on the channels, in a style
drums      percussion on the noise channel
envelopes  volumes and duties of the arranged notes
style      what may differ between arrangements
report     what happened to the source's notes
"""
