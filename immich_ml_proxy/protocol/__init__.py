"""What Immich speaks: forms, entries and their routes, bodies, answers."""
