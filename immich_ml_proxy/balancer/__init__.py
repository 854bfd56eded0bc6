"""The ML servers at run time: how they are, and which of them a request goes to."""
