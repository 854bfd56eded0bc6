"""The HTTP client: requests to ML servers, and their answers."""
