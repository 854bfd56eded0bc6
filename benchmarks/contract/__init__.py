"""What it costs to check an answer."""
