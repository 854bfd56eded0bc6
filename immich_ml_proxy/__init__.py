"""
One address in front of all your Immich machine-learning servers.

What knows what (a module imports only from lines below its own)::

    tap                the options, and all the wiring
    service            starting and stopping in the right order
    web.site, web.*    HTTP: what Immich, the pages and scripts see
    predictor          the use case: form, routing, forwarder, merge
    forwarder          a group to a backend, judged, failed over
    health_checker     pings on a timer
    places, hedging, wake_on_lan    waiting for a place, a second try, waking
    exchange           one request to one backend, time_limit: in bounded time
    body_reader, connections, agent, http_connection    bytes out, sockets, HTTP
    config_store, memory    the disk, the C library
    core.*             the rules: no Twisted, no clock, no files

``demo`` stands apart: simulated ML servers that know nothing of the proxy. The
tests hold this map.
"""
