"""From an interaction to a row in the backlog, and what people can do while they wait."""
