"""The filtered heads of a clip's frames, one after the other."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inference.engine_protocol import EngineProtocol
from inference.errors import InvalidVideoError
from inference.head.gaussians import Gaussians
from inference.portrait.types import PreparedPortrait
from inference.progress import CancelToken, no_progress
from inference.video.clip import ClipFrame, ClipReader
from inference.video.crop_path import CropPath
from inference.video.frame_heads import FrameHeads
from inference.video.temporal_filter import TemporalFilter


@dataclass(frozen=True)
class Position:
    """How far a stream is.

    Attributes:
        shown: the frame that the last picture shows; -1 before the first.
        made: the frame that its head was made from, which is an earlier one where `shown`
            shows no face after all; -1 before the first.
    """

    shown: int = -1
    made: int = -1


START = Position()


class HeadStream:
    """Reads the clip forwards and makes heads of the frames that are shown.

    Args:
        reader: the clip, at its start.
        engine: prepares portraits.
        heads: makes heads of them.
        path: the crops.
        temporal: takes the flicker out; holds the head of `begin`.
        begin: where the last piece ended.
        cancel: looked at before each frame.
    """

    def __init__(
        self,
        reader: ClipReader,
        engine: EngineProtocol,
        heads: FrameHeads,
        path: CropPath,
        temporal: TemporalFilter,
        begin: Position,
        cancel: CancelToken,
    ) -> None:
        self._engine, self._heads, self._path = engine, heads, path
        self._temporal, self._cancel = temporal, cancel
        self._name = reader.info.name
        self._frames = reader.frames()
        self.position = begin

    def pictures(self, sources: Sequence[int]) -> Iterator[Gaussians]:
        """The head of each picture.

        Batches never reach beyond `sources`, so that the same calls give the same bits.

        Args:
            sources: the frame that each picture shows, ascending.

        Raises:
            InvalidVideoError: the clip has changed meanwhile.
            Cancelled: the token was set.
        """
        wanted = deque(sorted(set(sources) - {self.position.shown}))
        ready: deque[Gaussians | None] = deque()
        for source in sources:
            if source != self.position.shown:
                if not ready:
                    count = min(self._heads.batch, len(wanted))
                    ready.extend(self._make([wanted.popleft() for _ in range(count)]))
                self._take(source, ready.popleft())
            head = self._temporal.head
            assert head is not None  # the filter has seen a head by now
            yield head

    def _make(self, frames: Sequence[int]) -> list[Gaussians | None]:
        """Heads of frames; None where no face can be seen, unless it would be the first head."""
        portraits = [self._portrait(index) for index in frames]
        faces = [portrait.landmarks is not None for portrait in portraits]
        faces[0] |= self.position.made < 0
        chosen = [portrait for portrait, face in zip(portraits, faces, strict=True) if face]
        made = iter(self._heads.make(chosen, self._cancel) if chosen else ())
        return [next(made) if face else None for face in faces]

    def _take(self, source: int, head: Gaussians | None) -> None:
        """Filter the next head, or keep the last one where there is none."""
        made = self.position.made
        if head is not None:
            times, scene = self._path.times, self._path.scene
            if made < 0 or scene[made] != scene[source]:
                self._temporal.reset()
            self._temporal.step(head, float(times[source] - times[max(made, 0)]))
            made = source
        self.position = Position(source, made)

    def _portrait(self, index: int) -> PreparedPortrait:
        image = self._frame(index).image()
        return self._engine.prepare(image, self._path.crop(index), no_progress, self._cancel)

    def _frame(self, index: int) -> ClipFrame:
        for frame in self._frames:
            self._cancel.check()
            if frame.index == index:
                return frame
        raise InvalidVideoError(f"{self._name} has changed while it was read: start again.")
