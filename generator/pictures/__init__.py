"""Pictures and films of a tune.

tune_picture  the picture that is posted
still_film    that picture with sound
scope_film    oscilloscopes and a scrolling piano roll
piano_roll, oscilloscope, colours  what they are drawn from
"""
