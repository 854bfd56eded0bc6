"""What a proxy adds for a single client, and how long it holds its reactor."""
