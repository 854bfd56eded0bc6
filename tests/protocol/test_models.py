"""What is known of the models that Immich names."""

from __future__ import annotations

import pytest

from immich_ml_proxy.protocol.models import dimensions_of

#: The names that Immich offers, and the numbers of its own table.
IMMICH = {
    512: """
        RN101__openai RN101__yfcc15m
        ViT-B-16__laion400m_e31 ViT-B-16__laion400m_e32 ViT-B-16__openai
        ViT-B-32__laion2b-s34b-b79k ViT-B-32__laion2b_e16 ViT-B-32__laion400m_e31
        ViT-B-32__laion400m_e32 ViT-B-32__openai XLM-Roberta-Large-Vit-B-32
    """,
    640: """
        RN50x4__openai ViT-B-16-plus-240__laion400m_e31
        ViT-B-16-plus-240__laion400m_e32 XLM-Roberta-Large-Vit-B-16Plus
    """,
    768: """
        LABSE-Vit-L-14 RN50x16__openai ViT-B-16-SigLIP-256__webli
        ViT-B-16-SigLIP-384__webli ViT-B-16-SigLIP-512__webli
        ViT-B-16-SigLIP-i18n-256__webli ViT-B-16-SigLIP__webli
        ViT-L-14-336__openai ViT-L-14-quickgelu__dfn2b ViT-L-14__laion2b-s32b-b82k
        ViT-L-14__laion400m_e31 ViT-L-14__laion400m_e32 ViT-L-14__openai
        XLM-Roberta-Large-Vit-L-14 nllb-clip-base-siglip__mrl nllb-clip-base-siglip__v1
        ViT-B-16-SigLIP2__webli ViT-B-32-SigLIP2-256__webli
    """,
    1024: """
        RN50__cc12m RN50__openai RN50__yfcc15m RN50x64__openai
        ViT-H-14-378-quickgelu__dfn5b ViT-H-14-quickgelu__dfn5b
        ViT-H-14__laion2b-s32b-b79k ViT-L-16-SigLIP-256__webli
        ViT-L-16-SigLIP-384__webli ViT-g-14__laion2b-s12b-b42k
        XLM-Roberta-Large-ViT-H-14__frozen_laion5b_s13b_b90k
        ViT-L-16-SigLIP2-256__webli ViT-L-16-SigLIP2-384__webli
        ViT-L-16-SigLIP2-512__webli
    """,
    1152: """
        ViT-SO400M-14-SigLIP-384__webli nllb-clip-large-siglip__mrl
        nllb-clip-large-siglip__v1 ViT-SO400M-14-SigLIP2__webli
        ViT-SO400M-14-SigLIP2-378__webli ViT-SO400M-16-SigLIP2-256__webli
        ViT-SO400M-16-SigLIP2-384__webli ViT-SO400M-16-SigLIP2-512__webli
    """,
    1536: "ViT-gopt-16-SigLIP2-256__webli ViT-gopt-16-SigLIP2-384__webli",
}
NAMES = [(name, number) for number, names in IMMICH.items() for name in names.split()]
FACES = ("antelopev2", "buffalo_s", "buffalo_m", "buffalo_l")


@pytest.mark.parametrize(("name", "number"), NAMES)
def test_immichs_models_are_known(name: str, number: int) -> None:
    """By every name that Immich offers, whatever the training and the picture size."""
    assert dimensions_of(name) == number


@pytest.mark.parametrize("name", FACES)
def test_faces_have_512_numbers(name: str) -> None:
    """In every model for faces that Immich offers."""
    assert dimensions_of(name) == 512


@pytest.mark.parametrize(("name", "number"), [*NAMES, *((one, 512) for one in FACES)])
def test_an_owner_upper_case_and_colons_make_no_other_model(
    name: str, number: int
) -> None:
    """The ML service itself takes names with an owner, and older ones with colons."""
    assert dimensions_of(f"immich-app/{name}") == number
    assert dimensions_of(f"a/b/{name.upper()}") == number
    assert dimensions_of(name.replace("__", "::")) == number


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "__openai",
        "ViT-B-32__openai/",
        "ViT-B-32-plus-256__laion400m",
        "ViT-bigG-14__laion2b",
        "ViT-B-320__openai",
        "ViT-B",
        "RN50-x4__openai",
        "PP-OCRv5_mobile",
        "buffalo_",
        "buffalo_l2",
        "antelopev3",
        "\ud800",
        "ViT-B-32" + "-224" * 50,
        "x/" * 2**20 + "ViT-B-32__openai",
        "ViT-B-32" + "-quickgelu" * 2**17 + "x",
    ],
    ids=lambda name: name[:20].encode("ascii", "replace").decode(),
)
def test_of_other_models_nothing_is_said(name: str) -> None:
    """A wrong number would condemn every server that has the model; a long name is
    none."""
    assert dimensions_of(name) is None
