"""What the command ``immich-ml-proxy`` can do."""
