"""Instructions that the processor executes for a request: a measure without noise."""
