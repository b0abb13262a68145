"""A server as a whole: its settings, their defaults for requests, the help page and the invite links."""
