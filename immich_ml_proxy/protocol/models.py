"""
The models that Immich names, and how many numbers an embedding of each has.

Immich sends ``ARCHITECTURE__TRAINING``, as in ``ViT-B-32__openai``; an owner may stand
before it (``immich-app/ViT-B-32__openai``), and ``::`` for ``__``. The number depends
on the architecture alone, and neither on the size of the pictures it looks at
(``ViT-L-14-336``), nor on ``quickgelu`` and ``i18n``. Of a model that is not in this
table nothing is known: better no number than a wrong one.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: Longer than any name that Immich has.
_MAX_NAME_LENGTH = 200

_ARCHITECTURES = {
    512: ("RN101", "ViT-B-16", "ViT-B-32", "XLM-Roberta-Large-Vit-B-32"),
    640: ("RN50x4", "ViT-B-16-plus", "XLM-Roberta-Large-Vit-B-16Plus"),
    768: (
        "LABSE-Vit-L-14",
        "RN50x16",
        "ViT-B-16-SigLIP",
        "ViT-B-16-SigLIP2",
        "ViT-B-32-SigLIP2",
        "ViT-L-14",
        "XLM-Roberta-Large-Vit-L-14",
        "nllb-clip-base-siglip",
    ),
    1024: (
        "RN50",
        "RN50x64",
        "ViT-H-14",
        "ViT-L-16-SigLIP",
        "ViT-L-16-SigLIP2",
        "ViT-g-14",
        "XLM-Roberta-Large-ViT-H-14",
    ),
    1152: (
        "ViT-SO400M-14-SigLIP",
        "ViT-SO400M-14-SigLIP2",
        "ViT-SO400M-16-SigLIP2",
        "nllb-clip-large-siglip",
    ),
    1536: ("ViT-gopt-16-SigLIP2",),
}
_CLIP = {
    name.casefold(): number
    for number, names in _ARCHITECTURES.items()
    for name in names
}
_FACES = re.compile(r"antelopev2|buffalo_[a-z]+")
_FACE_DIMENSIONS = 512

#: What may follow an architecture without making another number of it.
_VARIANT = re.compile(r"(-quickgelu|-i18n|-\d{3})+$")


def dimensions_of(model_name: str) -> int | None:
    """
    Return how many numbers an embedding by ``model_name`` has; ``None``: not known.

    Upper and lower case are the same: ``Vit`` and ``ViT`` stand side by side in
    Immich's own names.
    """
    return None if len(model_name) > _MAX_NAME_LENGTH else _known(model_name)


@lru_cache(maxsize=256)
def _known(model_name: str) -> int | None:
    name = model_name.rpartition("/")[2].replace("::", "__").casefold()
    if _FACES.fullmatch(name):
        return _FACE_DIMENSIONS
    return _CLIP.get(_VARIANT.sub("", name.partition("__")[0]))
