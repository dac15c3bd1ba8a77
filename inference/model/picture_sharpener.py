"""The sharpening CNN for pictures of any size, in bounded memory and never long uninterrupted."""

from collections.abc import Iterator

import numpy as np
import torch

from inference.head.gaussians import FloatArray
from inference.model.sharpening import Sharpening
from inference.progress import CancelToken

PART = 512
"""Edge in pixels of what is sharpened at once, without the margin (our choice)."""


class CnnSharpener:
    """Implements inference.rendering.sharpened.PictureSharpener with a CNN.

    Pictures larger than PART are done in parts that overlap by what the CNN sees around a
    pixel and begin at multiples of its step: the result is that of the whole.

    Args:
        cnn: in evaluation mode.
    """

    def __init__(self, cnn: Sharpening) -> None:
        self._cnn = cnn

    @property
    def margin(self) -> int:
        """How far around a pixel the CNN sees, in pixels."""
        return self._cnn.config.margin

    def __call__(
        self,
        picture: FloatArray,  # [H, W, 3] RGB 0..1
        cancel: CancelToken | None = None,
    ) -> FloatArray:
        """The sharpened picture [H, W, 3], clipped to 0..1.

        Raises:
            Cancelled: the token was set; looked at before each part.
        """
        cancel = cancel or CancelToken()
        result = np.empty(picture.shape, np.float32)
        step, margin = self._cnn.config.step, self.margin
        for rows, seen_rows in _parts(picture.shape[0], step, margin):
            for columns, seen_columns in _parts(picture.shape[1], step, margin):
                cancel.check()
                part = self._sharpen(picture[seen_rows, seen_columns])
                top, left = rows.start - seen_rows.start, columns.start - seen_columns.start
                height, width = rows.stop - rows.start, columns.stop - columns.start
                result[rows, columns] = part[top : top + height, left : left + width]
        return result

    @torch.inference_mode()
    def _sharpen(self, picture: FloatArray) -> FloatArray:
        device = next(self._cnn.parameters()).device
        planes = np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32)
        sharp = self._cnn(torch.from_numpy(planes)[None].to(device))[0].clamp(0, 1)
        result: FloatArray = sharp.permute(1, 2, 0).cpu().numpy()
        return result


def _parts(length: int, step: int, margin: int) -> Iterator[tuple[slice, slice]]:
    """About equal parts of a side: each with what has to be seen for it."""
    count = max(1, -(-length // PART))
    size = -(-length // (count * step)) * step
    for start in range(0, length, size):
        stop = min(start + size, length)
        yield slice(start, stop), slice(max(0, start - margin), min(length, stop + margin))
