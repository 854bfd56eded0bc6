"""
Simulated ML servers: what they are made of, for ``--demo`` and for the tests.

They speak the protocol of Immich's ML service, mistakes included, or that of whatever
else users put behind the proxy, but look at no picture: every answer is drawn from a
digest of the request. So the answer that is due can be computed from the input, and
one that got mixed up on its way shows.

- ``behaviour``: all that servers differ by, a frozen value; pure.
- ``kinds``: the kinds of server there are, by name; pure.
- ``models``: what models there are, and ``entries``, read; pure.
- ``answers``: what a model answers, a pure function of its input.
- ``flaws``: how an answer is spoiled; pure.
- ``form``: the fields of a request's body.
- ``protocol``: what the service replies to a form; pure.
- ``fronts``: what is at an address where no ML service is; pure.
- ``loading``: which models are ready.
- ``counts``: what a server has seen; pure.
- ``server``: one server: places, time, faults.
- ``site``, ``listener``: its connections, and its port.
- ``fleet``: the servers of ``--demo``.
- ``incidents``: what goes wrong with them while trouble is simulated; pure.
- ``immich``: what Immich sends; pure. ``trickle``: sends some of it, for ``--demo``.
- ``options``: the command line of ``python -m immich_ml_proxy.demo``, which runs some
  in a process of their own.
"""

from .answers import expected_answer
from .behaviour import PLAIN, Behaviour, Fault
from .fleet import DemoServers
from .kinds import KINDS, MODES, Mode
from .models import ServiceError
from .server import SIMULATED, SimulatedServer
from .site import site
from .trickle import Trickle

__all__ = [
    "KINDS",
    "MODES",
    "PLAIN",
    "SIMULATED",
    "Behaviour",
    "DemoServers",
    "Fault",
    "Mode",
    "ServiceError",
    "SimulatedServer",
    "Trickle",
    "expected_answer",
    "site",
]
