"""Requests on their way to an answer: the backlog, delivery, wait times and progress updates."""
