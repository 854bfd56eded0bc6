"""
Benchmarks: this proxy beside others on one machine. The proxy imports nothing of them.

One room a command, ``python -m benchmarks.ROOM`` (``--help`` lists its options)::

    speed/        requests per second beside nginx and HAProxy, one core each
    instructions/ instructions per request, under callgrind: no noise, no kernel
    latency/      what the proxy adds for one client, and how long it holds its reactor
    memory/       what it takes under many uploads, and over many requests
    scheduling/   an import over simulated ML servers, beside nginx and HAProxy
    simulator/    the rules of the balancer alone, in virtual time
    fleet/        servers that are not alike: what is lost, what is asked in vain
    contract/     what it costs to check an answer
    overview/     what it costs to have overviews open
    debug/        what recording costs, and looking at what was recorded
    observing/    what metrics and the line in the log cost a search
    scrape/       what it costs to be scraped by Prometheus

and below them what they have in common::

    proxies/      the proxies that the first three compare, stub servers, wrk
    shared/       processes, what they use, payloads, reports

Each prints what it found; those that measure the real proxy can write it as JSON.
"""
