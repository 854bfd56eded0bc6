"""
The tests under every Python that is promised: ``nox``.

One that is not there is left out, and named. ``nox -- tests/config -x`` gives pytest
other arguments, ``nox -s tests-3.13`` asks one Python.
"""

from __future__ import annotations

import nox

nox.options.error_on_missing_interpreters = False

#: What tells nothing of a version of Python: the browser's, and what is deployed.
APART = ["--ignore=tests/end_to_end", "--ignore=tests/deploy"]


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Install the package and what its tests need, and run them."""
    session.install("-e", ".[test]", "--config-settings", "editable_mode=compat")
    arguments = session.posargs or ["tests", *APART, "-n", "2", "--dist", "worksteal"]
    session.run("pytest", *arguments)
