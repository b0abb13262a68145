"""What processes ask of the system that runs them."""
