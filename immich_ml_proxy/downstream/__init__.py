"""The HTTP server below the endpoints: requests, uploads, and room for them."""
