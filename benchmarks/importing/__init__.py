"""MIDI files that people upload: arranging them, finding their beats, refusing broken ones."""
