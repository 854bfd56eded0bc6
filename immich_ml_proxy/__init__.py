"""
One address in front of all your Immich machine-learning servers.

What knows what: a module imports only from its own room or from those below it::

    tap                   the options, and all the wiring
    reactor               Twisted's, with a monotonic clock
    service               starting and stopping in the right order
    memory                what the C library is told
    descriptors           how many sockets there may be
    aside                 threads for what may hang
    commands/             what the command line can do
    web/                  what Immich, the pages and scripts see
    downstream/           the HTTP server below: sites, requests, uploads, room for them
    predictor             the use case: form, routing, forwarder, merge
    trial/                what answers at an address, before it is saved
    immich/               what Immich itself tells of its queues
    metrics/              numbers for Prometheus
    notify/               who is told what happens, wherever they are
    observe/              what people are told of it all
    power/                sparing machines: when they are used, sleep, are woken
    balancer/             servers at run time: their health and places, and who is next
    upstream/             the HTTP client: one request to one server, in bounded time
    protocol/             what Immich speaks: forms, entries, answers
    records/              what is recorded of requests, and how it is shown
    config/               the configuration: read, checked, kept
    errors                our errors, each with its status
    headers               HTTP headers that need no second look
    sockets               writing to a socket at once
    demo/                 simulated ML servers, apart: they know nothing of the proxy

A module that decides is pure: it knows neither Twisted nor the time nor files. The
tests hold this map.
"""
