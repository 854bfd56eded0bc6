"""
One address in front of all your Immich machine-learning servers.

What knows what: a module imports only from its own room or from those below it::

    cli, tap              the command; its options, and all the wiring
    service               starting and stopping in the right order
    web/                  HTTP: what Immich, the pages and scripts see
    predictor             the use case: form, routing, forwarder, merge
    forwarder             a group to a backend, judged, failed over
    health_checker        pings on a timer
    places, hedging, wake_on_lan    waiting for a place, a second try, waking
    exchange, time_limit  one request to one backend, in bounded time
    body_reader, connections, agent, http_connection    bytes out, sockets, HTTP
    config_store, memory  the disk, the C library
    core/                 the rules: no Twisted, no clock, no files
    demo/                 simulated ML servers, apart: they know nothing of the proxy

A module that decides is pure: it knows neither Twisted nor the time nor files. The
tests hold this map.
"""
