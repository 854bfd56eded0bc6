"""Requests per second of the proxies, beside each other."""
