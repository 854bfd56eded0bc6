"""What ``deploy/`` has for users, checked by what can be run without their systems."""
