"""A posted tune: its layout, its delivery to Discord, and its lineage."""
