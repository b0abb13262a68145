"""What is computed from votes: rankings, and a scope's taste. Rate limits of votes are in `bot.voting`."""
