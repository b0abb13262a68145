"""The weekly contest on Discord: its commands, buttons, pages, announcements and hall of fame."""
