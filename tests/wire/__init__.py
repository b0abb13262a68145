"""The stand-in for Discord on the wire, and the bot against it."""
