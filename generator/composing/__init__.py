"""Turns requests into scores: new tunes and remixes, with their titles, fault checks and originality checks."""
