"""Pictures as MP4 (H.264) and as a PNG strip; PyAV encodes, its wheel brings the encoders."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ..export.writers import MissingLibrary

INSTALL = 'pictures and films need PyAV; install it with: pip install "infans[replay]"'
GAP = 4  # pixels between the pictures of a strip


def _av() -> Any:
    try:
        import av
    except ModuleNotFoundError as error:
        raise MissingLibrary(INSTALL) from error
    return av


def mp4(pictures: Iterable[np.ndarray], fps: float, *, quality: int = 23) -> bytes:
    """A film that every browser plays. pictures: RGB uint8 [height, width, 3] of even size; quality: x264's constant
    rate factor, 0 (lossless) to 51."""
    av = _av()
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        stream = None
        for picture in pictures:
            if stream is None:
                # Equal pictures give equal bytes; with x264's tree of macroblocks they do not, even in one thread.
                options = {"crf": str(quality), "preset": "slow", "threads": "1", "x264-params": "no-mbtree=1"}
                stream = container.add_stream("libx264", Fraction(fps).limit_denominator(1000), options=options)
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv420p"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        if stream is not None:
            container.mux(stream.encode(None))
    return file.getvalue()


def png(picture: np.ndarray) -> bytes:
    """RGB uint8 [height, width, 3] as it is."""
    av = _av()
    encoder = av.CodecContext.create("png", "w")
    encoder.height, encoder.width = picture.shape[:2]
    encoder.pix_fmt, encoder.time_base = "rgb24", Fraction(1)
    packets = encoder.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")) + encoder.encode(None)
    return b"".join(map(bytes, packets))


def strip(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Pictures side by side on white, as one."""
    height = pictures[0].shape[0]
    gap = np.full((height, GAP, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)]
    return np.concatenate(parts[:-1], axis=1)
