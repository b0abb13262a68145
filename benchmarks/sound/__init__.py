"""The soundfont and the exported NSF files, measured against the sound chip."""
