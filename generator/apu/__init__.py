"""The exact path: a score as register writes of the sound chip, and what is made of them: NSF, VGM, FamiTracker, sound."""
