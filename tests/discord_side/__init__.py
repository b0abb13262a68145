"""The bot's Discord side on a simulated Discord."""
