"""Builds a corpus from archives of MIDI files: labelled scores without copies, in a training and a validation side.

sources  the MIDI files of folders and archives
labels   collection, game, side and scene from a file's folders and name
build    from the sources to the corpus files
report   what happened, as text and plots
"""
