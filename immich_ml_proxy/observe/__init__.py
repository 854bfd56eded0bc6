"""What people are told of what is going on."""
