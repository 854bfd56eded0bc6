"""
One address in front of all your Immich machine-learning servers.

What knows what (a module imports only from lines below its own)::

    tap                the options, and all the wiring
    service            starting and stopping in the right order
    web.site, web.*    HTTP: what Immich, the pages and scripts see
    predictor          the use case: form, routing, forwarder, merge
    forwarder          a group to a backend, judged, failed over
    health_checker     pings on a timer
    exchange           one request to one backend
    body_reader, connections, config_store    bytes out, sockets, the disk
    core.*             the rules: no Twisted, no clock, no files

``demo`` stands apart: simulated ML servers that know nothing of the proxy. The
tests hold this map.
"""
