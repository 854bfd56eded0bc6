"""The HTTP face: one class per audience, and the request that carries bodies."""
