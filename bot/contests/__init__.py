"""Contests as they run: schedules and the keeper that passes their stages."""
