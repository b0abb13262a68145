"""Submitting requests from Discord, and what users can do while they wait: see the queue, or cancel."""
