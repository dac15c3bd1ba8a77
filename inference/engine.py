"""The one face of inference: photograph in, head out."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from inference.device import AUTOMATIC, Device, check_device_words, choose_device
from inference.editing.calls import EditingCalls
from inference.engine_protocol import Reconstruction, ReconstructionOptions
from inference.errors import InvalidModelError, NoFaceError, UsageError
from inference.face_map.labels import Label
from inference.head.template import HeadTemplate
from inference.parsing.selection import EMBEDDED, check_parser
from inference.portrait.loading import load_image
from inference.portrait.prepare import PortraitPreparer
from inference.portrait.selection import EMBEDDED as EMBEDDED_FOREGROUND
from inference.portrait.selection import check_foreground, load_foreground
from inference.portrait.types import CropBox, FaceDetection, LoadedImage, PreparedPortrait
from inference.progress import CancelToken, Progress, no_progress

if TYPE_CHECKING:  # torch and scipy are imported by the first call that needs them
    from inference.fitting.evidence.regions import Regions
    from inference.fitting.shape.morphs import Morphs
    from inference.model.reconstruction import ReconstructionModel
    from inference.model.trunk import Trunk
    from inference.parsing.protocol import FaceParser, FaceParsing
    from inference.rendering.sharpened import PictureSharpener

DEFAULT_PRESET = "embedded"

PARSING = "Reading the face map"

BODY = (Label.NECK, Label.CLOTH, Label.NECKLACE)


@dataclass
class StageClock:
    """Measures how long the stages of one job take."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the block to the stage's sum."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


class Engine(EditingCalls):
    """Implements EditingEngineProtocol with the real networks.

    Args:
        preset: which model configuration to run.
        checkpoint: its weights; None takes those that ship with PercHead.
        backbone: folder or file of the published image backbone that presets other than
            `embedded` need; None looks for it among the user's models.
        device: where the network shall run: "auto", "cpu", "cuda" or "cuda:N".
        parser: which network finds the regions of a face, a name of inference.parsing.selection.
        foreground: what cuts the person out, a name of inference.portrait.selection.

    Attributes:
        preset, foreground: those names.

    Raises:
        UsageError: no device, no parser or no foreground has that name.
    """

    def __init__(
        self,
        preset: str = DEFAULT_PRESET,
        checkpoint: Path | None = None,
        backbone: Path | None = None,
        device: str = AUTOMATIC,
        parser: str = EMBEDDED,
        foreground: str = EMBEDDED_FOREGROUND,
    ) -> None:
        check_parser(parser)
        check_foreground(foreground)
        self.preset = preset
        self._checkpoint = checkpoint
        self._backbone = backbone
        self._wanted_device = check_device_words(device)
        self._device: Device | None = None
        self._template: HeadTemplate | None = None
        self._preparer: PortraitPreparer | None = None
        self._model: ReconstructionModel | None = None
        self._trunk: Trunk | None = None
        self._morphs: Morphs | None = None
        self._warm = False
        self._sharpener: PictureSharpener | None = None
        self._sharpener_known = False
        self.foreground = foreground
        self._parser_name = parser
        self._parser: FaceParser | None = None
        self._parsed: tuple[PreparedPortrait, FaceParsing] | None = None

    @property
    def decoder_layers(self) -> int:
        """Number of decoder layers of the preset."""
        from inference.model.config import preset_config

        return preset_config(self.preset).decoder.layers

    @property
    def device(self) -> Device:
        """Where the network runs, chosen once.

        Raises:
            UsageError: the one that the user wants cannot be used.
        """
        if self._device is None:
            from inference.model.config import preset_config

            self._device = choose_device(preset_config(self.preset), self._wanted_device)
        return self._device

    @property
    def template(self) -> HeadTemplate:
        """The head template that the weights start from, read once.

        Raises:
            InvalidModelError: they start from the user's FLAME, which is not on this computer.
        """
        if self._template is None:
            self._template = self._read_template()
        return self._template

    def _read_template(self) -> HeadTemplate:
        if self.preset == DEFAULT_PRESET or self._checkpoint is None:
            return HeadTemplate.load()  # without torch
        from inference.head.choice import template_of
        from inference.model.checkpoint import read_info

        return template_of(read_info(self._checkpoint).template_id)

    @property
    def preparer(self) -> PortraitPreparer:
        """The portrait networks, read once."""
        if self._preparer is None:
            foreground = load_foreground(self.foreground)
            self._preparer = PortraitPreparer(self.template, foreground=foreground)
        return self._preparer

    @property
    def model(self) -> "ReconstructionModel":
        """The reconstruction model, read once."""
        if self._model is None:
            from inference.model.loading import load_reconstruction_model

            self._model = load_reconstruction_model(
                self.preset, self.template, self._checkpoint, self._backbone, self.device
            )
        return self._model

    @property
    def trunk(self) -> "Trunk":
        """What the model's 2D side says of portraits, each read once."""
        if self._trunk is None:
            from inference.model.trunk import Trunk

            self._trunk = Trunk(self.model)
        return self._trunk

    @property
    def parser(self) -> "FaceParser":
        """The network that finds the regions of a face, read by the first that asks."""
        if self._parser is None:
            from inference.parsing.selection import load_parser

            self._parser = load_parser(self._parser_name)
        return self._parser

    @property
    def sharpener(self) -> "PictureSharpener | None":
        """The sharpening CNN, read once: the checkpoint's own, or that of a file beside it.

        Raises:
            InvalidModelError: there is one, but it cannot be used.
        """
        if not self._sharpener_known:
            self._sharpener = self._read_sharpener()
            self._sharpener_known = True
        return self._sharpener

    def _read_sharpener(self) -> "PictureSharpener | None":
        from inference.model.config import preset_config
        from inference.model.shipped import checkpoint_path, sharpening_path

        within = preset_config(self.preset).sharpening is not None
        path = checkpoint_path(self.preset, self._checkpoint)
        beside = None if within else sharpening_path(path)
        if not within and beside is None:
            return None  # without torch
        from inference.model.picture_sharpener import CnnSharpener
        from inference.model.sharpening_file import load_sharpening

        cnn = self.model.sharpening if beside is None else load_sharpening(beside, self.preset)
        return None if cnn is None else CnnSharpener(cnn)

    @property
    def morphs(self) -> "Morphs | None":
        """The template's rig as the fit needs it, read once."""
        if self._morphs is None:
            from inference.fitting.fit import prepare_morphs

            self._morphs = prepare_morphs(self.template)
        return self._morphs

    def _warm_up(self) -> None:
        """Load the fit's kernels, once."""
        if not self._warm:
            from inference.fitting.warm_up import warm_up

            warm_up()
            self._warm = True

    def load_models(
        self, progress: Progress = no_progress, cancel: CancelToken | None = None
    ) -> None:
        """Read all networks and compiled kernels into memory.

        Raises:
            InvalidModelError: weights are missing or damaged.
            Cancelled: the token was set.
        """
        cancel = cancel or CancelToken()
        parts = (
            lambda: self.template,
            lambda: self.preparer,
            lambda: self.model,
            lambda: self.sharpener,
            lambda: self.morphs,
            self._warm_up,
        )
        for index, part in enumerate(parts):
            cancel.check()
            progress("Loading the models", index / len(parts))
            part()
        progress("Loading the models", 1.0)

    def open_image(self, source: Path | bytes, name: str | None = None) -> LoadedImage:
        """Read a photograph safely.

        Raises:
            InvalidImageError: it cannot be read.
        """
        return load_image(source, name)

    def detect(
        self,
        image: LoadedImage,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> list[FaceDetection]:
        """Find faces, best first."""
        return self.preparer.detect(image, progress, cancel or CancelToken())

    def suggest_crop(self, image: LoadedImage, face: FaceDetection | None) -> CropBox:
        """The head crop for a face."""
        return self.preparer.suggest_crop(image, face)

    def prepare(
        self,
        image: LoadedImage,
        crop: CropBox,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> PreparedPortrait:
        """Cut the crop out, find its landmarks and its foreground."""
        return self.preparer.prepare(image, crop, progress, cancel or CancelToken())

    def reconstruct(
        self,
        portrait: PreparedPortrait,
        options: ReconstructionOptions | None = None,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> Reconstruction:
        """Make the head: network first, then the fit if it is wanted."""
        from inference.fitting.fit import fit_head
        from inference.fitting.shape.camera import fit_camera
        from inference.model.predict import decode_head

        options = options or ReconstructionOptions()
        cancel = cancel or CancelToken()
        clock = StageClock()
        with clock.stage("load models"):
            self.load_models(progress, cancel)
        with clock.stage("network"):
            tokens = self.trunk.tokens(portrait, progress, cancel)
            decoded = decode_head(self.model, tokens, options.layers, progress, cancel)
        gaussians = decoded.gaussians
        cancel.check()
        if options.fit and options.fit_strength > 0:
            regions = None
            if options.read_map and portrait.landmarks is not None:
                with clock.stage("face map"):
                    regions = self._regions(portrait, progress, cancel)
            with clock.stage("fit"):
                result = fit_head(
                    gaussians,
                    portrait,
                    self.template,
                    morphs=self.morphs,
                    strength=options.fit_strength,
                    regions=regions,
                    covered=decoded.covered,
                    progress=progress,
                    cancel=cancel,
                )
            gaussians, camera = result.gaussians, result.camera
        else:
            with clock.stage("camera"):
                camera = fit_camera(
                    portrait.landmarks,
                    gaussians.means[self.template.landmark_anchors],
                    portrait.size,
                ).camera
        cancel.check()
        return Reconstruction(gaussians, camera, portrait, options, clock.seconds, self.preset)

    def _regions(
        self, portrait: PreparedPortrait, progress: Progress, cancel: CancelToken
    ) -> "Regions | None":
        """What the fit wants to know of the portrait's face map; None without one.

        A head can be made without; what the parser lacks is told by `parse` to who needs a map.
        """
        from inference.fitting.evidence.regions import Regions

        try:
            scores = self.parse(portrait, progress, cancel).scores
        except (NoFaceError, UsageError, InvalidModelError):
            return None
        return Regions(
            hair=scores[Label.HAIR] + scores[Label.HAT],
            cloth=scores[Label.CLOTH],
            ears=scores[Label.RIGHT_EAR] + scores[Label.LEFT_EAR],
            mouth=scores[Label.INNER_MOUTH],
            head=1 - scores[[Label.BACKGROUND, *BODY]].sum(0),
            body=scores[list(BODY)].sum(0),
        )

    def parse(
        self,
        portrait: PreparedPortrait,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> "FaceParsing":
        """The 19 regions of the portrait's crop, in its size; the last portrait's are kept.

        Raises:
            UsageError: the parser's package is not installed.
            InvalidModelError: its weights are missing or damaged.
            NoFaceError: there is no face to be found.
            Cancelled: the token was set.
        """
        cancel = cancel or CancelToken()
        cancel.check()
        progress(PARSING, 0.0)
        known = self._parsed
        if known is None or known[0] is not portrait:
            parser = self.parser
            cancel.check()
            known = portrait, parser.parse(portrait)
            cancel.check()
            self._parsed = known
        progress(PARSING, 1.0)
        return known[1]
