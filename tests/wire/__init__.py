"""A stand-in for Discord on the network, and tests of the whole bot against it."""
