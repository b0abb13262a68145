"""What those who run the bot look at: its metrics, and a check of the machine that it runs on."""
