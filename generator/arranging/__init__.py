"""Any number of parts on the console's four channels.

`lines` finds what one player or hand plays, `features` what can be told of it, `salience` how much it is heard as
melody, bass or harmony, `path` which is followed when; `reduction` puts it on the channels as a `style` wants it, and
`drums` does so for noise. `sound` gives it volumes and duties, `report` says what became of the source.
"""
