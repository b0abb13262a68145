"""Deleting tunes, reporting them, and exporting or erasing the data of a person."""
