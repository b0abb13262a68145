"""Training and evaluating the network. The only package that loads torch."""
