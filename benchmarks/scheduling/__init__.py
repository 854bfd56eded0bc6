"""The schedulers beside each other, over simulated ML servers."""
