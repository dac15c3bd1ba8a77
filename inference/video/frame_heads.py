"""Heads of single frames from their crops, several at once where that is quicker."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from inference.engine_protocol import EngineProtocol, ReconstructionOptions
from inference.head.gaussians import NUM_PATCHES, Gaussians, joined
from inference.portrait.types import PreparedPortrait
from inference.portrait.upright import turned_upright
from inference.progress import CancelToken, no_progress
from inference.video.fingerprint import model_fingerprint

if TYPE_CHECKING:
    from inference.model.reconstruction import ReconstructionModel

CUDA_BATCH = 8
"""Portraits a pass on a graphics card. A processor gains nothing by several (measured: 0.51 to
0.54 s a head for batches of 1, 2 and 4), and one at a time is sooner cancelled."""


class FrameHeads(Protocol):
    """Makes heads of portraits."""

    @property
    def batch(self) -> int:
        """How many portraits it likes at once."""
        ...

    @property
    def key(self) -> str:
        """Says which model makes them: equal keys, equal heads."""
        ...

    def make(self, portraits: Sequence[PreparedPortrait], cancel: CancelToken) -> list[Gaussians]:
        """One head for each portrait.

        Raises:
            Cancelled: the token was set.
        """
        ...


def frame_heads(engine: EngineProtocol, fit: bool) -> FrameHeads:
    """The quickest way to make heads with an engine.

    Args:
        engine: any engine; the real one's network is run in batches.
        fit: whether every head is fitted to its portrait, which is done one by one.
    """
    from inference.engine import Engine

    if isinstance(engine, Engine) and not fit:
        return BatchedHeads(engine.model)
    return SingleHeads(engine, fit)


class SingleHeads:
    """One head after the other, by any engine."""

    batch = 1

    def __init__(self, engine: EngineProtocol, fit: bool) -> None:
        from inference.engine import Engine

        self._engine = engine
        self._options = ReconstructionOptions(fit=fit, read_map=False)  # too slow a frame
        self.key = type(engine).__name__
        if isinstance(engine, Engine):
            self.key = model_fingerprint(engine.model)

    def make(self, portraits: Sequence[PreparedPortrait], cancel: CancelToken) -> list[Gaussians]:
        return [
            self._engine.reconstruct(portrait, self._options, no_progress, cancel).gaussians
            for portrait in portraits
        ]


class BatchedHeads:
    """Several heads in one pass of the reconstruction model."""

    def __init__(self, model: "ReconstructionModel", batch: int | None = None) -> None:
        self._model = model
        on_cuda = next(model.parameters()).is_cuda
        self.batch = batch or (CUDA_BATCH if on_cuda else 1)
        self.key = model_fingerprint(model)

    def make(self, portraits: Sequence[PreparedPortrait], cancel: CancelToken) -> list[Gaussians]:
        import torch

        from inference.model.predict import CHUNK_PATCHES, network_input

        model = self._model
        device = next(model.parameters()).device
        # As the engine does for one portrait: a head is the same however it is tilted.
        upright = [turned_upright(portrait) for portrait in portraits]
        inputs = [network_input(portrait, model.config.image_size) for portrait in upright]
        images = torch.cat([image for image, _ in inputs]).to(device)
        foreground = torch.cat([alpha for _, alpha in inputs]).to(device)
        parts: list[list[Gaussians]] = [[] for _ in portraits]
        with torch.inference_mode():
            cancel.check()
            tokens = model.encode(images, foreground)
            found = model.look(tokens)
            for start in range(0, NUM_PATCHES, CHUNK_PATCHES):
                cancel.check()
                index = torch.arange(start, start + CHUNK_PATCHES, device=device)
                chunk = model.decode(tokens, patch_index=index, found=found)
                for number, part in enumerate(parts):
                    part.append(chunk.to_gaussians(number))
        return [joined(part) for part in parts]
