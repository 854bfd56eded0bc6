"""
Simulated ML servers: what they are made of, for ``--demo`` and for the tests.

They speak the protocol of Immich's ML service (v2), mistakes included, but look at
no picture: every answer is drawn from a digest of the request. So the answer that
is due can be computed from the input, and one that got mixed up on its way shows.

- ``answers``: what a model answers, a pure function of its input.
- ``form``: the fields of a request's body.
- ``protocol``: what the service replies to a form; pure.
- ``server``: one server: places, service time, failures, counters.
- ``fleet``: the servers of ``--demo``.
- ``python -m immich_ml_proxy.demo``: one server in a process of its own.
"""

from .answers import ServiceError, expected_answer
from .fleet import DemoServers
from .server import MODES, SIMULATED, Mode, SimulatedServer, site

__all__ = [
    "MODES",
    "SIMULATED",
    "DemoServers",
    "Mode",
    "ServiceError",
    "SimulatedServer",
    "expected_answer",
    "site",
]
