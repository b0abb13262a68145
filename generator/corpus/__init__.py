"""From archives of MIDI files to a corpus: labelled scores, each once, in a training and a validation side.

sources   the MIDI files of folders and archives
labels    collection, game, side and scene from a file's place and name
copies    the same music found again by its content
build     the way from sources to corpus files
report    what came of it, in words and plots
"""
