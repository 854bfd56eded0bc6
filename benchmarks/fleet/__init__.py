"""Servers that are not alike: what is lost, what is asked in vain."""
