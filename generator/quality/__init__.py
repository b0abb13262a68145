"""How near a model's tunes come to songs that it has not seen, in figures.

statistics  what is measured on one score
bars        what returns in it
overlap     how much two samples of a statistic have in common, and what could be had at best
tunes       the tunes that are measured, composed and kept
samples     the two sides: songs and tunes of one length, and their figures
report      what came of it, in words and plots
run         all of it, one after the other
"""
