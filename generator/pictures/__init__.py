"""Pictures and films of a tune: piano rolls and oscilloscopes."""
