"""TensorBoard: the only module that imports it."""

from pathlib import Path

import torch


class Board:
    """Curves and pictures of a run: tensorboard --logdir RUN."""

    def __init__(self, folder: Path, first_step: int) -> None:
        """Write below `folder`; what an earlier process wrote from `first_step` on is dropped."""
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=first_step)

    def scalars(self, values: dict[str, float], step: int) -> None:
        """Points on curves."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def picture(
        self,
        name: str,
        picture: torch.Tensor,  # [3, H, W] RGB 0..1
        step: int,
    ) -> None:
        """A picture."""
        self._writer.add_image(name, picture, step)

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()
