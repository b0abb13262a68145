"""The tables of contests: their rounds, and the entries and votes in them."""
