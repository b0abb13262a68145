"""Tests in the layout of the code; `bot/discord` is tested in `discord_side/`, and against a stand-in server in `wire/`."""
