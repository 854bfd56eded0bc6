"""A picture so small that a list can have one in each line."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageOps

#: Pixels of the longer side.
SIDE = 160
#: Kinds that are read, and pixels: more of these take long, and much room.
FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 50_000_000


def thumbnail(picture: bytes) -> bytes | None:
    """
    Return it as a small JPEG; ``None`` if it cannot be read, whatever it is.

    It takes some milliseconds, with a large picture much more: not for the reactor.
    """
    try:
        with Image.open(BytesIO(picture), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            image.draft("RGB", (2 * SIDE, 2 * SIDE))
            image.thumbnail((SIDE, SIDE))
            upright = ImageOps.exif_transpose(image).convert("RGB")
            made = BytesIO()
            upright.save(made, "JPEG", quality=75)
            return made.getvalue()
    except Exception:
        # Pillow has many errors for what is no picture; none of them is of interest.
        return None
