"""The formats that a tune can be exported to: VGM, FamiTracker text, notation, and the table of all formats."""
