"""What the encoder says of a portrait, kept for as long as that portrait is worked on.

The frozen network is nearly all of a large preset's time, and every layer view asks for the same
portrait's tokens again.
"""

import threading

from inference.model.predict import encode_portrait
from inference.model.reconstruction import ReconstructionModel
from inference.model.tensors import ImageTokens
from inference.portrait.types import PreparedPortrait
from inference.portrait.upright import turned_upright
from inference.progress import CancelToken, Progress, no_progress

KEPT = 2
"""Portraits whose tokens are kept: the open one and the one before; 6 MB each at most."""


class Trunk:
    """Encodes portraits with one model, each once; may be asked from several threads."""

    def __init__(self, model: ReconstructionModel) -> None:
        self._model = model
        self._known: list[tuple[PreparedPortrait, ImageTokens]] = []
        self._lock = threading.Lock()

    def tokens(
        self,
        portrait: PreparedPortrait,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> ImageTokens:
        """What the 2D side says of a portrait, computed where that is not known yet.

        Args:
            portrait: the head crop; known again by being the same object.
            progress: see encode_portrait.
            cancel: see encode_portrait.

        Raises:
            Cancelled: the token was set.
        """
        with self._lock:
            for known, tokens in self._known:
                if known is portrait:
                    return tokens
        # A head is the same however it is tilted: Gaussians know nothing of the camera.
        tokens = encode_portrait(self._model, turned_upright(portrait), progress, cancel)
        with self._lock:
            self._known = [(portrait, tokens), *self._known][:KEPT]
        return tokens
