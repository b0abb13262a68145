"""Turns files of other formats into standard MIDI files, which `generator.importing.midi_reader` reads.

guitar_pro  tablatures of Guitar Pro 3 to 5
musicxml    scores in MusicXML, plain or compressed
xmf         ringtones: a MIDI file in a container
"""
