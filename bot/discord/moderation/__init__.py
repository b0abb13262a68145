"""Reports, deletion, and what a person can have read or erased about themselves."""
