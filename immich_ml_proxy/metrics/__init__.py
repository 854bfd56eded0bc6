"""Numbers for Prometheus: counted where things happen, read when it asks."""
