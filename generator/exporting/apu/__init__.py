"""The exact path: a score as register writes of the sound chip, and as NSF, VGM, FamiTracker text and sound."""
