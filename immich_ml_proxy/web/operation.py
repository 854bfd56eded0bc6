"""What one address does, as OpenAPI describes it: parameters, body, answers."""

from __future__ import annotations

from immich_ml_proxy.web.schemas import CONFLICT, ERROR, JSON, PLAIN, TEXT, Schema

#: What a status means, where it is no success.
MEANINGS = {
    304: "What If-None-Match names is still what would be answered",
    400: "What was sent cannot be understood, or is refused; the text says why",
    401: "This needs the admin token",
    403: "A page of another site may change nothing, and read nothing",
    404: "There is nothing of this name, or it is at the address of --admin-listen",
    409: "It cannot be done as things are now; the text says why",
    412: "It was changed since the version that If-Match names",
    413: "The body is too large",
    421: "The name that was asked for may be a stranger's; see --allowed-host",
    422: "The field entries is missing or wrong",
    429: "Too many wrong tokens came; the next is looked at later",
    500: "What was saved could not be written, or the proxy has a bug",
    502: "The machines failed, or one cannot be sent a wake-up call",
    503: "No machine can do it now, or so many ask that there is no room",
    504: "No machine answered in time",
    508: "The address of a machine leads back to the proxy",
}
#: What any address may be answered with, but for those that everybody may ask for.
GATED = (400, 401, 403, 404, 413, 421, 429, 500, 503)
#: What any of those may be answered with.
OPEN = (400, 413, 500, 503)


def content(schema: Schema, kind: str = JSON) -> Schema:
    """Return the content of a body."""
    return {"content": {kind: {"schema": schema}}}


def parameter(name: str, place: str, schema: Schema) -> Schema:
    """
    Return a parameter.

    :param place: ``path``, ``query`` or ``header``; only in a path it must be there.
    """
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "schema": schema,
    }


def operation(
    summary: str,
    success: Schema,
    *refusals: int,
    body: Schema | None = None,
    parameters: tuple[Schema, ...] = (),
    common: tuple[int, ...] = GATED,
) -> Schema:
    """
    Return an operation.

    :param success: the content of the answer with status 200.
    :param refusals: other statuses that it has, beside those of ``common``.
    :param common: the statuses which are described once, for all operations.
    """
    answers: Schema = {"200": {"description": "As asked for", **success}}
    for status in refusals:
        answers[str(status)] = refusal(status)
    for status in common:
        answers.setdefault(str(status), {"$ref": f"#/components/responses/{status}"})
    made: Schema = {
        "summary": summary,
        "responses": {status: answers[status] for status in sorted(answers)},
    }
    if body is not None:
        made["requestBody"] = {"required": True, **body}
    if parameters:
        made["parameters"] = [*parameters]
    return made


def refusal(status: int) -> Schema:
    """Return the answer with a status other than 200."""
    described: Schema = {"description": MEANINGS[status]}
    # A 304 has no body.
    return described if status == 304 else {**described, **content(ERROR)}


def common_refusals() -> Schema:
    """Return what is described once, by its status."""
    return {str(status): refusal(status) for status in GATED}


def to_a_version(
    summary: str, success: Schema, body: Schema | None, *refusals: int
) -> Schema:
    """Return an operation that is meant for one version of the configuration."""
    made = operation(
        summary,
        success,
        400,
        *refusals,
        412,
        body=None if body is None else content(body),
        parameters=(parameter("If-Match", "header", TEXT),),
    )
    made["responses"]["412"] |= content(CONFLICT)
    return made


def text_of(summary: str, common: tuple[int, ...] = GATED) -> Schema:
    """Return an operation that is answered with plain text."""
    return operation(summary, content(TEXT, PLAIN), common=common)
