"""The kinds of server that users put behind the proxy, by name. Pure: values only."""

from __future__ import annotations

from typing import Literal, get_args

from .behaviour import PLAIN, Behaviour, Fault, changed

#: The kinds that are an ML service, v2, with or without one plain fault: ``hang``:
#: /predict never answers, /ping does; ``hang_all``: nothing ever answers; ``error``:
#: 500 from /predict, /ping answers; ``ping_error``: 503 from /ping, /predict works.
Mode = Literal["up", "hang", "hang_all", "error", "ping_error"]
MODES: tuple[Mode, ...] = get_args(Mode)

_CLIP = "ViT-B-32__openai"
_LARGE = "ViT-L-14__openai"

_V3 = Behaviour(strict=True, crash_with=422)
_MODES: dict[str, Behaviour] = {
    "up": PLAIN,
    "hang": Behaviour(faults=(Fault(what="hang"),)),
    "hang_all": Behaviour(faults=(Fault(what="hang", at="all"),)),
    "error": Behaviour(faults=(Fault(what=500),)),
    "ping_error": Behaviour(faults=(Fault(what=503, at="ping"),)),
}

KINDS: dict[str, Behaviour] = {
    **_MODES,
    # Immich's own, of different age.
    "v2": PLAIN,
    "v3": _V3,
    "list": Behaviour(embedding="list"),
    # As Immich's own in the time before it is ready, and when nobody asks.
    "loading": Behaviour(load_seconds=8.0),
    "compiling": Behaviour(load_seconds=404.0),
    "idle": Behaviour(idle_exit=300.0),
    # Other people's programs.
    "kepler": Behaviour(
        cannot=("facial-recognition", "ocr"), only_models=(_CLIP,), crash_with=400
    ),
    "fallback": Behaviour(
        cannot=("clip/visual", "facial-recognition", "ocr"),
        refuse_with=501,
        only_models=(_CLIP,),
        refuse_model_with=409,
    ),
    "metal": Behaviour(
        only_models=(_CLIP,),
        instead=_CLIP,
        cosine=0.83,
        max_body=50 * 2**20,
        places=2,
        full_at=8,
    ),
    "hailo": Behaviour(
        only_models=(_CLIP,),
        instead=_CLIP,
        empty=("facial-recognition",),
        places=4,
        full_at=4,
    ),
    "qnn": Behaviour(cosine=0.91),
    "other-model": Behaviour(only_models=(_LARGE,), instead=_LARGE),
    "no-text": Behaviour(empty=("ocr",)),
    # What stands before one, or in its place.
    "gateway": Behaviour(faults=(Fault(what=502, at="all", html=True),)),
    "nginx": Behaviour(max_body=2**20),
    "busy": Behaviour(faults=(Fault(what=429, every=3, retry_after="1"),)),
    "flaky": Behaviour(faults=(Fault(what="cut", every=5),)),
    "immich": Behaviour(front="immich"),
    "login": Behaviour(front="login"),
    "login-page": Behaviour(front="login_page"),
}


def change(base: Behaviour, document: object) -> Behaviour:
    """
    Return ``base`` with some fields changed.

    :param document: the fields; its member ``kind`` stands for all that this kind
        sets, in place of ``base``.
    :raise ValueError: says what is wrong.
    """
    if isinstance(document, dict) and "kind" in document:
        kind = document["kind"]
        if not isinstance(kind, str) or kind not in KINDS:
            raise ValueError(f"no such kind: {kind}; there are {', '.join(KINDS)}")
        base = KINDS[kind]
        document = {key: value for key, value in document.items() if key != "kind"}
    return changed(base, document)
