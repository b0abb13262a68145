"""How a score sounds, with the NES soundfont or the sound chip.

soundfont         the NES soundfont (SF2), made of waveforms, instruments and zones
fluidsynth_audio  MIDI files rendered with it, and sound files encoded
playback          a score rendered with the soundfont or the chip
stems             each channel by itself, and intro and loop
envelopes         volume and duty for notes that have none
fade, loudness    the end and the level of every sound file
"""
