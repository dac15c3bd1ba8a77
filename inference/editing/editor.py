"""Face maps and styles to heads, with all networks and results that this needs kept in memory."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.editing.bared_ears import with_bared_ears
from inference.editing.beards import grow_beard
from inference.editing.brows import BROWS, paint_brows
from inference.editing.face_details import FaceDetails
from inference.editing.glasses import wear_glasses
from inference.editing.hair_dye import other_hair
from inference.editing.hair_texture import texture_hair
from inference.editing.identity import ShapedHead, keep_identity, only_near, with_brows_before
from inference.editing.jewellery import wear_jewellery
from inference.editing.kinds import SKIN, Choices, choose_kinds, class_of
from inference.editing.lens_words import lenses_in_words
from inference.editing.map_camera import camera_of_pose
from inference.editing.map_fit import follow, movement
from inference.editing.mouth import open_mouth
from inference.editing.own_heads import OwnHeads, key_of
from inference.editing.painted_head import PaintedHead
from inference.editing.portrait_hair import KnownHair
from inference.editing.projection import GRID, front, project, shrink, visible
from inference.editing.shaving import other_beard, shaved
from inference.editing.types import EditedHead, EditRequest, Style, check_styles
from inference.editing.upright import tilt_of, tilted, turned_upright
from inference.features.style_blocks import completed, emphasised, said, with_block
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.portrait.types import PreparedPortrait
from inference.progress import CancelToken, Progress, no_progress
from inference.rendering.camera import Camera

if TYPE_CHECKING:  # torch is imported by the first call that needs it
    from inference.editing.network import EditingNetwork
    from inference.features.embedded_style import EmbeddedStyle

_NEAR, _FAR = 0.05, 0.13
"""Shares of the map's edge beside a stroke within which, and beyond which, its effect ends."""

_OPEN = 0.5  # how surely an aspect is said at most for it to be open

_PLAIN = "clean-shaven"
"""Half a beard on everybody would be the average."""

_STYLE_STAGE, _HEAD_STAGE, _MAP_STAGE = "Reading the style", "Shaping the head", "Fitting the map"


class Editor:
    """Implements the editing calls of EditingEngineProtocol; may be asked from several threads.

    Args:
        template: of the heads.
        checkpoint: weights of the editing model; None for those that ship.
        preset: name that heads carry.
    """

    def __init__(
        self, template: HeadTemplate, checkpoint: Path | None = None, preset: str = "embedded"
    ) -> None:
        self._template = template
        self._checkpoint = checkpoint
        self._preset = preset
        self._style: EmbeddedStyle | None = None
        self._network: EditingNetwork | None = None
        self._own = OwnHeads()
        self._hair = KnownHair(template)
        self._details = FaceDetails(template)
        self._plain_vector: FloatArray | None = None
        self._lock = threading.Lock()

    @property
    def style_network(self) -> "EmbeddedStyle":
        """The style space, read once."""
        with self._lock:
            if self._style is None:
                from inference.features.embedded_style import load_embedded_style

                self._style = load_embedded_style()
            return self._style

    @property
    def network(self) -> "EditingNetwork":
        """The editing model, read once."""
        with self._lock:
            if self._network is None:
                from inference.editing.network import EditingNetwork

                self._network = EditingNetwork(self._template, self._checkpoint)
            return self._network

    def style_of_portrait(
        self, portrait: PreparedPortrait, progress: Progress, cancel: CancelToken
    ) -> Style:
        """The style of a photograph.

        Raises:
            Cancelled: the token was set.
        """
        from inference.editing.network import portrait_style

        cancel.check()
        progress(_STYLE_STAGE, 0.0)
        vector = portrait_style(self.style_network, portrait)
        cancel.check()
        progress(_STYLE_STAGE, 1.0)
        return Style(vector, self.style_network.name, "this portrait")

    def style_of_text(self, text: str, progress: Progress, cancel: CancelToken) -> Style:
        """The style that a description means.

        Raises:
            UsageError: the text is empty.
            Cancelled: the token was set.
        """
        cancel.check()
        progress(_STYLE_STAGE, 0.0)
        vector = self.style_network.embed_texts([text])[0].cpu().numpy()
        cancel.check()
        progress(_STYLE_STAGE, 1.0)
        return Style(vector, self.style_network.name, text.strip(), lenses_in_words(text))

    def edit(self, request: EditRequest, progress: Progress, cancel: CancelToken) -> EditedHead:
        """Make the head that a map and a style describe.

        Raises:
            UsageError: the style comes from another style network.
            Cancelled: the token was set.
        """
        seconds: dict[str, float] = {}
        base, own, keep = request.base, request.base_style, request.keep_identity
        if base is None or request.base_labels is None or own is None or keep == 0:
            with _timed(seconds, "edit"):
                shaped, camera = self.shape(request, progress, cancel)
            with _timed(seconds, "splats"):
                gaussians = shaped.splats(self._template.neighbours)
            return EditedHead(gaussians, camera, request, seconds, self._preset)
        with _timed(seconds, "edit"):
            looks = self._looks(request)
            shaped, camera = self._shape(request, looks, progress, cancel)
        with _timed(seconds, "portrait's own map"):
            before = self._portrait_head(
                request.base_labels, self._own_look(looks[1]), camera, progress, cancel
            )
        with _timed(seconds, "identity"):
            near = _near_strokes(before.means, request.labels, request.base_labels, camera)
            maps = request.labels, request.base_labels
            either = np.isin(maps[0], BROWS) | np.isin(maps[1], BROWS)
            if np.array_equal(maps[0][either], maps[1][either]):
                shaped = with_brows_before(shaped, before)
            fitted = with_bared_ears(
                base.gaussians,
                before,
                self._template,
                request.labels,
                request.base_labels,
                camera,
            )
            gaussians = keep_identity(
                only_near(shaped, before, near),
                before,
                shaved(fitted, before, self._template, other_beard(*looks)),
                keep,
                self._template.neighbours,
                self._hair.of(base.gaussians, request.base_labels, camera),
                other_hair(*looks),
            )
        with _timed(seconds, "details"):
            faces = self.network.face_look(looks[0]), self.network.face_look(looks[1])
            gaussians = self._details.on_portrait(
                gaussians, base.gaussians, shaped.kinds, maps, camera, faces, keep
            )
        cancel.check()
        return EditedHead(gaussians, camera, request, seconds, self._preset)

    def shape(
        self, request: EditRequest, progress: Progress, cancel: CancelToken
    ) -> tuple[ShapedHead, Camera]:
        """What the model alone makes of a request's map and style, and the map's camera.

        Raises:
            UsageError: the style comes from another style network.
            Cancelled: the token was set.
        """
        looks = self._looks(request)
        shaped, camera = self._shape(request, looks, progress, cancel)
        face = self.network.face_look(looks[0])
        return self._details.on_head(shaped, request.labels, camera, face), camera

    def modelled(self, labels: NDArray[np.uint8], style: FloatArray) -> tuple[ShapedHead, Camera]:
        """The head of a map [S, S] in a completed style [W] alone, and its camera."""
        head, camera = self.shaped(labels, style, None, no_progress, CancelToken())
        look = self.network.face_look(style)
        return self._details.on_head(head, labels, camera, look), camera

    def _shape(
        self,
        request: EditRequest,
        looks: tuple[FloatArray, FloatArray],  # of _looks
        progress: Progress,
        cancel: CancelToken,
    ) -> tuple[ShapedHead, Camera]:
        """As `shape`, without the details of the face."""
        look, own = looks
        # Irises are painted: on average skin and lips differ too between people with other eyes.
        plain = with_block(look, "eyes", own)
        brows = None
        if request.base is not None and request.keep_identity > 0:
            if other_beard(look, own) == 0:
                plain = with_block(plain, "beard", completed(self._plain()))
            # Brighter ones would shine on the skin beside the photograph's, which hair dye spares.
            brows = self.network.brows_of(self._own_look(own))
        lenses, camera = request.style.dark_lenses, _camera_of(request)
        return self.shaped(request.labels, plain, camera, progress, cancel, brows, lenses)

    def _looks(self, request: EditRequest) -> tuple[FloatArray, FloatArray]:
        """What a request asks for and what fills its gaps, as completed styles [W].

        Raises:
            UsageError: a style comes from another style network.
        """
        check_styles(self.network.style, request.style, request.base_style)
        own = request.base_style.vector if request.base_style is not None else self._plain()
        vector, hair = request.style.vector, "hair colour"
        # Who is grey already stays so, unless another colour was asked for in so many words.
        if (
            float(said(vector).min()) < _OPEN  # a picture says everything
            and self.network.is_grey(completed(own))
            and self.style_network.implied.goes_without_saying(vector, hair)
        ):
            vector = with_block(vector, hair, np.zeros_like(vector))
        return emphasised(completed(vector, own), vector), completed(own)

    def prepare_edits(self, request: EditRequest, progress: Progress, cancel: CancelToken) -> None:
        """Make the portrait's own head, which its edits are compared with, for those to come.

        An edit that begins meanwhile waits for it instead of making it again.

        Raises:
            UsageError: the style comes from another style network.
            Cancelled: the token was set.
        """
        cancel.check()
        camera, labels, own = _camera_of(request), request.base_labels, request.base_style
        check_styles(self.network.style, own)
        if camera is not None and labels is not None and own is not None:
            look = self._own_look(completed(own.vector))
            self._portrait_head(labels, look, camera, progress, cancel)
            if request.base is not None:
                self._hair.of(request.base.gaussians, labels, camera)

    def _plain(self) -> FloatArray:
        """What a description without a portrait leaves open and an average would get wrong."""
        if self._plain_vector is None:
            self._plain_vector = self.style_network.embed_texts([_PLAIN])[0].cpu().numpy()
        return self._plain_vector

    def _own_look(self, own: FloatArray) -> FloatArray:
        """A portrait's own completed style [W], of which the photograph's own beard is no part.

        It stays what it is until another one is asked for.
        """
        return with_block(own, "beard", completed(self._plain()))

    def _portrait_head(
        self,
        labels: NDArray[np.uint8],
        style: FloatArray,
        camera: Camera,
        progress: Progress,
        cancel: CancelToken,
    ) -> ShapedHead:
        """What the model makes of an untouched portrait, kept for its next edits."""

        def make() -> ShapedHead:
            return self._make(labels, style, camera, progress, cancel)[0]

        cancel.check()
        return self._own.get(key_of(labels, style, camera), make, cancel)

    def shaped(
        self,
        labels: NDArray[np.uint8],  # [S, S]
        style: FloatArray,  # [W] completed
        camera: Camera | None,
        progress: Progress,
        cancel: CancelToken,
        brows: FloatArray | None = None,  # [3] RGB; those of the style if None
        dark_lenses: bool | None = None,  # as the style reads if None
    ) -> tuple[ShapedHead, Camera]:
        """As _make, or an untouched portrait's head as it was made before."""
        progress(_HEAD_STAGE, 0.0)
        cancel.check()
        if camera is not None and dark_lenses is None:
            known = self._own.known(key_of(labels, style, camera), cancel)
            if known is not None:
                progress(_HEAD_STAGE, 1.0)
                return known, camera
        return self._make(labels, style, camera, progress, cancel, brows, dark_lenses)

    def _make(
        self,
        labels: NDArray[np.uint8],  # [S, S]
        style: FloatArray,  # [W] completed
        camera: Camera | None,
        progress: Progress,
        cancel: CancelToken,
        brows: FloatArray | None = None,  # [3]
        dark_lenses: bool | None = None,
    ) -> tuple[ShapedHead, Camera]:
        template, network = self._template, self.network
        progress(_HEAD_STAGE, 0.0)
        cancel.check()
        tilt = tilt_of(labels, camera)
        reading = network.read(turned_upright(labels, tilt), style)
        camera = camera or camera_of_pose(tilted(reading.pose, tilt), len(labels))
        wanted = shrink(labels)
        choices: Choices = reading.choices
        kinds = choose_kinds(choices, template.labels, wanted, camera, template.neighbours)
        means, colours = network.decode(reading, kinds, progress, cancel, _HEAD_STAGE)
        progress(_MAP_STAGE, 0.0)
        # Once: a second time fits outlines better that are no better, and pulls faces.
        seen = project(means, camera)
        shown, _ = front(seen, class_of(kinds, template.labels))
        means = follow(means, kinds == SKIN, seen, movement(shown, wanted), camera)
        cancel.check()
        kinds = kinds.copy()
        bare = means.copy()
        texture = texture_hair(means, colours, kinds, reading.hair)
        sight = project(means, camera)
        _, depth = front(sight, class_of(kinds, template.labels))
        in_sight = visible(sight, depth)
        head = PaintedHead(means, colours, kinds, in_sight, labels, camera, template)
        painted = paint_brows(head, reading.brows if brows is None else brows)
        open_mouth(head)
        grown = grow_beard(head, reading.beard)
        relief = means - bare
        glasses = reading.glasses
        if dark_lenses is not None:
            glasses = replace(glasses, dark=dark_lenses)
        wear_glasses(head, glasses)
        wear_jewellery(head)
        progress(_MAP_STAGE, 1.0)
        return ShapedHead(means, colours, kinds, relief, grown, texture, painted), camera


def _camera_of(request: EditRequest) -> Camera | None:
    """The camera of a request's map where there is a portrait: the photograph's own."""
    size = len(request.labels)
    return request.base.camera.resized(size, size) if request.base is not None else None


def _near_strokes(
    means: FloatArray,
    labels: NDArray[np.uint8],
    base_labels: NDArray[np.uint8],
    camera: Camera,
) -> FloatArray:
    """[N] 0..1: 1 for anchors at places of the map that were painted, 0 far from them."""
    same = (shrink(labels) == shrink(base_labels)).astype(np.uint8)
    if same.all():
        return np.zeros(len(means), np.float32)
    distance = cv2.distanceTransform(same, cv2.DIST_L2, 5) / GRID
    soft = np.clip((_FAR - distance) / (_FAR - _NEAR), 0, 1).astype(np.float32)
    return np.asarray(soft.ravel()[project(means, camera).cells], np.float32)


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Write down how long the block takes."""
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start
