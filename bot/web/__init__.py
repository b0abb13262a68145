"""The local web page and its API. They need no Discord."""
