"""A picture so small that a list, or a page, can have it without a large answer."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageOps

#: Pixels of the longer side, in a list and on a page of its own.
SIDE = 160
LARGE = 960
#: Bytes that it has at the most, and how well it is kept, at first and for that.
MOST_BYTES = 96 * 1024
QUALITIES = (75, 50, 25, 10)
#: Kinds that are read, and pixels: more of these take long, and much room.
FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 50_000_000


def thumbnail(picture: bytes, side: int = SIDE) -> bytes | None:
    """
    Return it as a small JPEG; ``None`` if it cannot be read, whatever it is.

    :param side: pixels of its longer side, at the most.

    It takes some milliseconds, with a large picture much more: not for the reactor.
    """
    try:
        with Image.open(BytesIO(picture), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            image.draft("RGB", (2 * side, 2 * side))
            image.thumbnail((side, side))
            upright = ImageOps.exif_transpose(image).convert("RGB")
            for quality in QUALITIES:
                made = BytesIO()
                upright.save(made, "JPEG", quality=quality)
                if made.tell() <= MOST_BYTES:
                    return made.getvalue()
    except Exception:
        # Pillow has many errors for what is no picture; none of them is of interest.
        return None
    return None
