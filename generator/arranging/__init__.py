"""Any number of parts on the console's four channels.

`lines` finds what one player or hand plays, `salience` how much it is heard as melody, bass or harmony, `path` which
is followed when, `reduction` puts it on the channels, `drums` does so for noise.
"""
