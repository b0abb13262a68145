"""The connection to a generator process: its frames, and the process as the bot sees it."""
