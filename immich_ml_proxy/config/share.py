"""
The share of one proxy where several stand before the same machines.

None of them knows what the others have under way. So each keeps to its part of what is
written, rounded up, for a machine that is asked by one proxy only must have a place:
all together they may give a machine as many requests too many as there are other
proxies. What is left to the proxy (``auto``) is not divided: each finds out how much
more is of use, with the others' requests there.
"""

from __future__ import annotations

import msgspec

from immich_ml_proxy.config.model import Backend


def share(backend: Backend, proxies: int) -> Backend:
    """
    Return the backend with one proxy's part of its limits.

    :param proxies: how many there are, 1 or more (``proxyReplicas``).
    """
    if proxies == 1:
        return backend
    most = backend.max_concurrent
    return msgspec.structs.replace(
        backend,
        max_concurrent=-(-most // proxies) if isinstance(most, int) else most,
        limits={task: -(-places // proxies) for task, places in backend.limits.items()},
    )
