"""The weekly contest on Discord: its commands, buttons, messages, announcements and hall of fame."""
