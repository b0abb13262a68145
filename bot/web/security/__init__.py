"""What keeps strangers out of the page: hosts and origins, addresses, connections, the password, names of browsers."""
