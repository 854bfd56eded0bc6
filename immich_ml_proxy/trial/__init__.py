"""What answers at an address, found out before it is saved."""
