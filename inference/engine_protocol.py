"""What the application and the command line ask of an engine.

The real one is inference/engine.py; tests/dummy_engine.py is a quick stand-in that passes the
same contract tests.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from inference.head.gaussians import Gaussians
from inference.portrait.types import CropBox, FaceDetection, LoadedImage, PreparedPortrait
from inference.progress import CancelToken, Progress
from inference.rendering.camera import Camera
from inference.rendering.sharpened import PictureSharpener

if TYPE_CHECKING:  # they know Reconstruction, which stands here
    from inference.editing.types import EditedHead, EditRequest, Style
    from inference.parsing.protocol import FaceParsing


@dataclass(frozen=True)
class ReconstructionOptions:
    """How to make a head.

    Attributes:
        fit: whether to make the head agree with the photograph after the network.
        fit_strength: 0..1, how far the fit may go; 0 is the network alone.
        layers: show the decoder's state after this many layers (paper, appendix G);
            None is all of them.
        read_map: whether the fit learns from the face map where hair is: it takes as long as
            `parse`, which then need not be done again.
    """

    fit: bool = True
    fit_strength: float = 1.0
    layers: int | None = None
    read_map: bool = True


@dataclass(frozen=True)
class Reconstruction:
    """A head made from a portrait.

    Attributes:
        gaussians: the 65,536 Gaussians, index i on template anchor i.
        camera: the photograph's own camera, at the size of the prepared crop.
        portrait: what it was made from.
        options: how it was made.
        seconds: time per stage, by stage name.
        model: name of the preset that made it, for the read-out.
    """

    gaussians: Gaussians
    camera: Camera
    portrait: PreparedPortrait
    options: ReconstructionOptions
    seconds: dict[str, float] = field(default_factory=dict)
    model: str = "embedded"


class EngineProtocol(Protocol):
    """Portrait to head. Every call may be long: run it off the UI thread.

    All raise PercHeadError for what the user can mend and Cancelled when the token is set.
    """

    @property
    def decoder_layers(self) -> int:
        """Number of decoder layers of the preset, the upper end of `layers`."""
        ...

    @property
    def sharpener(self) -> PictureSharpener | None:
        """Sharpens final pictures of heads, from any thread; None where no CNN does that.

        Read by load_models, or else by the first that asks.
        """
        ...

    def load_models(self, progress: Progress, cancel: CancelToken) -> None:
        """Load the networks into memory; later calls do it themselves if this was not."""
        ...

    def open_image(self, source: Path | bytes, name: str | None = None) -> LoadedImage:
        """Read a photograph safely; bytes are an encoded image, for example pasted."""
        ...

    def detect(
        self, image: LoadedImage, progress: Progress, cancel: CancelToken
    ) -> list[FaceDetection]:
        """Find faces, best first; an empty list when there is none."""
        ...

    def suggest_crop(self, image: LoadedImage, face: FaceDetection | None) -> CropBox:
        """The head crop for a face; without one the largest centred square."""
        ...

    def prepare(
        self, image: LoadedImage, crop: CropBox, progress: Progress, cancel: CancelToken
    ) -> PreparedPortrait:
        """Cut the crop out, find its landmarks and its foreground."""
        ...

    def reconstruct(
        self,
        portrait: PreparedPortrait,
        options: ReconstructionOptions,
        progress: Progress,
        cancel: CancelToken,
    ) -> Reconstruction:
        """Make the head."""
        ...


class EditingEngineProtocol(EngineProtocol, Protocol):
    """An engine that also reads face maps and makes heads from them."""

    def parse(
        self, portrait: PreparedPortrait, progress: Progress, cancel: CancelToken
    ) -> "FaceParsing":
        """The 19 regions of the portrait's crop, in its size."""
        ...

    def style_of_portrait(
        self, portrait: PreparedPortrait, progress: Progress, cancel: CancelToken
    ) -> "Style":
        """The style of a photograph, its own or a reference's."""
        ...

    def style_of_text(self, text: str, progress: Progress, cancel: CancelToken) -> "Style":
        """The style that a description in English means.

        Raises:
            UsageError: the text is empty.
        """
        ...

    def edit(self, request: "EditRequest", progress: Progress, cancel: CancelToken) -> "EditedHead":
        """Make the head that a face map and a style describe."""
        ...

    def prepare_edits(
        self, request: "EditRequest", progress: Progress, cancel: CancelToken
    ) -> None:
        """Make what all edits of the request's portrait share, and keep it for them.

        Nobody has to: an edit gives the same head without, only later. What `labels`, `style` and
        `keep_identity` of the request say does not matter. An edit that begins meanwhile uses
        what this makes.
        """
        ...
