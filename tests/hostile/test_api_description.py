"""Programs made of the API's description try everything; what it says is true."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.hostile.door import Door

#: Of each operation; more of them are tried by ``make fuzz``.
EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "20"))
#: These would have the proxy ask hosts that the description leads to.
#: What holds for every answer.
CHECKED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
LEFT_OUT = {
    ("POST", "/api/config"),
    ("POST", "/api/try"),
    ("POST", "/api/notify/test"),
}


@pytest.fixture(scope="module")
def schema(door: Door) -> Any:
    """The description, as the proxy serves it."""
    return schemathesis.openapi.from_url(f"{door.proxy.url}/api/openapi.json")


def operations(schema: Any) -> Iterator[Any]:
    """Return what is tried."""
    for result in schema.get_all_operations():
        operation = result.ok()
        if (operation.method.upper(), operation.path) not in LEFT_OUT:
            yield operation


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
def test_what_the_description_says_is_true(
    schema: Any, door: Door, mode: GenerationMode
) -> None:
    """
    Whatever it leads to is answered with a status and a body that it has.

    That is so for what it allows and for what it does not: nothing is a bug of the
    proxy, and it serves on.
    """
    tried = 0
    for operation in operations(schema):

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),
        )
        def check(case: Any) -> None:
            nonlocal tried
            tried += 1
            answer = case.call(base_url=door.proxy.url)
            case.validate_response(answer, checks=CHECKED)

        # Some have nothing that could be wrong.
        with suppress(Unsatisfiable):
            given(case=operation.as_strategy(generation_mode=mode))(check)()
    assert tried > 4 * EXAMPLES
    assert "Traceback" not in door.newly_logged()
    assert door.proxy.json("/api/status")["configError"] is None
