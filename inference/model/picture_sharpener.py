"""The sharpening CNN for pictures of any size, in bounded memory and never long uninterrupted."""

from collections.abc import Iterator

import numpy as np
import torch

from inference.head.gaussians import FloatArray
from inference.model.config import SharpeningConfig
from inference.model.sharpening import Sharpening
from inference.progress import CancelToken

PART = 512
"""Edge in pixels of what is sharpened at once, without the margin (our choice)."""

_VALUES = 2**22
"""Values that a layer of the first level may have for such a part; wide CNNs get smaller parts,
so that they are as soon stopped and need no more memory (our choice)."""


class CnnSharpener:
    """Implements inference.rendering.sharpened.PictureSharpener with a CNN.

    Large pictures are done in parts that overlap by what the CNN sees around a
    pixel and begin at multiples of its step: the result is that of the whole.

    Args:
        cnn: in evaluation mode.

    Attributes:
        network: the same.
    """

    def __init__(self, cnn: Sharpening) -> None:
        self.network = cnn

    @property
    def margin(self) -> int:
        """How far around a pixel the CNN sees, in pixels."""
        return self.network.config.margin

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
        edge, config = part_edge(self.network.config), self.network.config
        for rows, seen_rows in _parts(picture.shape[0], edge, config):
            for columns, seen_columns in _parts(picture.shape[1], edge, config):
                cancel.check()
                part = self._sharpen(picture[seen_rows, seen_columns])
                top, left = rows.start - seen_rows.start, columns.start - seen_columns.start
                height, width = rows.stop - rows.start, columns.stop - columns.start
                result[rows, columns] = part[top : top + height, left : left + width]
        return result

    @torch.inference_mode()
    def _sharpen(self, picture: FloatArray) -> FloatArray:
        device = next(self.network.parameters()).device
        planes = np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32)
        sharp = self.network(torch.from_numpy(planes)[None].to(device))[0].clamp(0, 1)
        result: FloatArray = sharp.permute(1, 2, 0).cpu().numpy()
        return result


def part_edge(config: SharpeningConfig) -> int:
    """Edge in pixels of the parts that a CNN works on, without the margin."""
    edge = PART
    while edge > 128 and config.width * edge**2 > _VALUES * config.fold**2:
        edge //= 2
    return edge


def _parts(length: int, edge: int, config: SharpeningConfig) -> Iterator[tuple[slice, slice]]:
    """About equal parts of a side: each with what has to be seen for it."""
    count = max(1, -(-length // edge))
    size = -(-length // (count * config.step)) * config.step
    for start in range(0, length, size):
        stop = min(start + size, length)
        seen = slice(max(0, start - config.margin), min(length, stop + config.margin))
        yield slice(start, stop), seen
