"""What metrics and the line in the log cost a search."""
