"""Files that the bot keeps: stored by content, found by the database's rows, backed up, restored and forgotten."""
