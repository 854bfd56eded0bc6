"""Machines that sleep, and how they are woken."""
