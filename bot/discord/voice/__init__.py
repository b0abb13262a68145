"""Voice channels: joining them, and playing tunes in them one after the other."""
