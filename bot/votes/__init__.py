"""Votes and what is computed from them: rate limits, rankings, and a place's taste."""
