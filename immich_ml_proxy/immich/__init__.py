"""What Immich itself tells of the work it still has."""
