"""Real JPEGs for tests: always the same ones, each different from the others."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from random import Random

from PIL import Image

#: Smallest and largest file of ``pictures``, in bytes.
SMALLEST, LARGEST = 20_000, 600_000


def jpeg(seed: int, width: int, height: int, grain: float = 0.2) -> bytes:
    """
    Return a JPEG of soft colours with grain over them.

    :param seed: the same seed makes the same picture.
    :param width: in pixels.
    :param height: in pixels.
    :param grain: 0 for none to 1 for nothing but noise; the more, the larger.
    """
    random = Random(seed)
    colours = Image.frombytes("RGB", (4, 3), random.randbytes(4 * 3 * 3))
    soft = colours.resize((width, height), Image.Resampling.BICUBIC)
    noise = Image.frombytes("L", (width, height), random.randbytes(width * height))
    out = BytesIO()
    Image.blend(soft, noise.convert("RGB"), grain).save(out, "JPEG", quality=85)
    return out.getvalue()


def pictures(count: int, directory: Path) -> Iterator[Path]:
    """
    Write ``count`` JPEGs of ``SMALLEST`` to ``LARGEST`` bytes, one by one.

    Previews as Immich sends them: 320 to 1024 pixels wide, upright or across.
    """
    for seed in range(count):
        random = Random(seed)
        long = random.randrange(480, 1025)
        short = long * 3 // 4
        size = (long, short) if random.random() < 0.7 else (short, long)
        path = directory / f"picture-{seed:04}.jpg"
        path.write_bytes(jpeg(seed, *size, grain=random.uniform(0.05, 1)))
        yield path


def large_picture(directory: Path) -> Path:
    """Write one JPEG of several megabytes, 3840 by 2160 pixels."""
    path = directory / "large.jpg"
    path.write_bytes(jpeg(2**31, 3840, 2160, grain=0.6))
    return path
