"""The tests under every Python that is promised: ``nox``, where it is installed."""

from __future__ import annotations

import nox

nox.options.error_on_missing_interpreters = False


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """All but the browser's: those tell nothing of a version of Python."""
    session.install("-e", ".[test]", "--config-settings", "editable_mode=compat")
    arguments = session.posargs or ["--ignore=tests/end_to_end", "-n", "2", "-q"]
    session.run("pytest", "tests", *arguments)
