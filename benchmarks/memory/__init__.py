"""What memory a proxy takes under many uploads and over many requests."""
