"""What fields and routing keys are called where people read of them."""

from __future__ import annotations

from collections.abc import Mapping

from immich_ml_proxy.config.faults import step

SEARCHES = "searches"
PICTURES = "pictures"
FACES = "faces"
TEXTS = "text in pictures"

_KEYS: Mapping[str, str] = {
    "clip/textual": SEARCHES,
    "clip/visual": PICTURES,
    "facial-recognition": FACES,
    "ocr": TEXTS,
    "clip": f"{SEARCHES} and {PICTURES}",
    "textual": SEARCHES,
    "visual": PICTURES,
}
_TOP: Mapping[str, str] = {
    "defaultBackend": "the route of all other work",
    "backends": "the order of the machines",
    "taskRouting": "the routes",
    "healthCheckInterval": "the time between two pings",
    "pingTimeout": "the time that a ping may take",
    "requestTimeout": "the time that an answer may take",
    "maxBodySize": "the size of the largest request",
    "maxBufferedBytes": "the memory for requests",
    "checkAnswers": "how closely answers are looked at",
    "immich": "Immich itself",
    "maxBackends": "the number of machines that there may be",
    "proxyReplicas": "the number of proxies",
    "maxPings": "the number of pings at once",
    "maxConnections": "the number of connections",
    "maxConnectionsPerAddress": "the number of connections of one address",
    "idleTimeout": "the time that an idle connection is kept",
    "headTimeout": "the time that the head of a request may take",
    "minUploadRate": "the slowest upload",
    "notify": "who is told when something is wrong",
    "$schema": "the address of the schema",
    "uploadGrace": "the time over which an upload is looked at",
}
_OF_MACHINE: Mapping[str, str] = {
    "name": "the name of {}",
    "url": "the address of {}",
    "state": "the state of {}",
    "weight": "the weight of {}",
    "maxConcurrent": "the places of {}",
    "limits": "the places of {} by kind of work",
    "wakeOnLan": "how {} is woken",
    "abilities": "what {} can do",
    "headers": "the headers that {} is sent",
    "windows": "when {} is used",
    "pings": "when {} is pinged",
    "sleepHook": "how {} is put to sleep",
    "idleMinutes": "how long {} is idle before it is put to sleep",
    "disabledUntil": "until when {} is disabled",
    "resolve": "which addresses {} stands for",
    "caFile": "the certificates that are believed for {}",
}
_OF_ROUTE: Mapping[str, str] = {
    "backends": "the machines of {}, in their order",
    "strategy": "how {} chooses a machine",
    "fallback": "what {} does when none of its machines is up",
    "spill": "what {} does when its first machine is full",
    "maxWaiting": "how many requests may wait on {}",
    "holdSeconds": "how long {} holds requests",
    "hedgeAfterMs": "when {} asks a second machine",
}
_OF_IMMICH: Mapping[str, str] = {
    "url": "the address of Immich",
    "apiKey": "the key for Immich",
}


def key_in_words(key: str) -> str:
    """Return what is sent by a routing key, as people call it."""
    return _KEYS.get(key, key)


def place_in_words(steps: tuple[str, ...]) -> str:
    """
    Return what a place in a document is called: "the weight of nas".

    :param steps: the names of fields, of machines and of routing keys that lead there.
    """
    match steps:
        case ("backends", machine):
            return f"the machine {machine}"
        case ("backends", machine, field, *deeper):
            called = _OF_MACHINE.get(field, f"the setting {field} of {{}}")
            return _with(called.replace("{}", machine), deeper)
        case ("defaultBackend",):
            return _TOP["defaultBackend"]
        case ("defaultBackend", field, *_):
            return _of_route(field, _TOP["defaultBackend"])
        case ("taskRouting", key):
            return f"the route of {_routed(key)}"
        case ("taskRouting", key, field, *_):
            return _of_route(field, f"the route of {_routed(key)}")
        case ("immich", field):
            return _OF_IMMICH.get(field, f"the setting {field} of Immich")
        case (field,):
            return _TOP.get(field, f"the setting {field}")
        case (field, *deeper):
            return _with(_TOP.get(field, f"the setting {field}"), deeper)
    return "the configuration"


def _routed(key: str) -> str:
    return key_in_words(key.replace("_", "-"))


def _of_route(field: str, route: str) -> str:
    return _OF_ROUTE.get(field, f"the setting {field} of {{}}").replace("{}", route)


def _with(called: str, deeper: list[str]) -> str:
    path = "".join(map(step, deeper)).lstrip(".")
    return f"{called} ({path})" if path else called
