"""What a scrape by Prometheus costs, when everything has happened everywhere."""
