"""Measures how close a model's tunes come to songs that it has not seen.

overlap  how much two samples of a statistic have in common, and what is possible at best
tunes    the tunes that are measured, composed and saved
samples  songs and tunes of one length, with their statistics
report   the results, as text and plots
run      all of it, from start to end
"""
