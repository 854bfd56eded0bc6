"""The configuration: what it may say, how it is read, where it is kept."""
