"""Tests in the layout of the code. `discord_side/` tests `bot/discord`, and `wire/` tests it over a real socket."""
