"""Debug records: what went over the wire, bounded, secrets masked."""
