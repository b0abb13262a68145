"""How long a tune takes, by stage and by way of running the network."""
