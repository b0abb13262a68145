"""The formats that a tune can be exported to.

formats              the table of all formats, and the export itself
famitracker          FamiTracker text, with its rows and instruments from the two modules below
tracker_rows         a score in rows and patterns
tracker_instruments  the instruments of a tracker
vgm                  VGM: register writes
notation             sheet music: MusicXML and ABC
"""
