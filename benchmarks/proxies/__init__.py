"""The proxies that are compared, over stub servers, and the load that wrk makes."""
