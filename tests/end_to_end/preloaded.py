"""
What all programs of the tests import, once, in the process that they are forked from.

To import a program takes longer than what most tests do with it.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from twisted.application.service import IServiceMaker
from twisted.plugin import getPlugins

_REACTOR = "twisted.internet.reactor"
_TAP = "immich_ml_proxy.tap"

# Each process needs a reactor of its own. The tap would install ours, and Klein takes
# what there is, for an entry point that nobody uses: they see one that can do nothing,
# and the tap is imported again.
_nothing: Any = ModuleType(_REACTOR)
_nothing.getDelayedCalls = list
sys.modules[_REACTOR] = _nothing
for _module in (
    _TAP,
    "immich_ml_proxy.demo.__main__",
    "tests.end_to_end.programs",
    "twisted.internet.epollreactor",
    "twisted.internet.ssl",
):
    import_module(_module)
list(getPlugins(IServiceMaker))
del sys.modules[_REACTOR], sys.modules[_TAP]
# No collector need look at it, nor take the pages of memory from who shares them.
gc.collect()
gc.freeze()
