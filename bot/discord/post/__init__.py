"""A posted tune: its layout, its delivery to Discord, the buttons under it, and its lineage."""
