"""The bot: the queue, charts, battles, tastes, a crowd on Discord, and how a post looks."""
