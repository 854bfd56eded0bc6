"""Those who want to know what happens, and how they are told."""
