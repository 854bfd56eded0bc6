"""What watching costs: the proxy's CPU time while overviews are open."""
