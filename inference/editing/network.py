"""The editing model as the editor asks it: numpy in, numpy out."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from inference.editing.beards import BeardLook, beard_of
from inference.editing.face_details import FaceLook
from inference.editing.glasses import GlassesLook
from inference.editing.hair_texture import HairKind
from inference.editing.kinds import Choices
from inference.face_map.labels import COUNT
from inference.features.embedded_style import NAME, EmbeddedStyle
from inference.features.style_blocks import WIDTH
from inference.features.style_features import EDGE, on_backdrop
from inference.files import resource_path
from inference.head.gaussians import NUM_PATCHES, FloatArray
from inference.model.checkpoint import load_checkpoint
from inference.model.config import preset_config
from inference.model.editing import EditingModel, editing_config
from inference.model.editing_branch import (
    AGE,
    BEARDS,
    CURLY,
    DARK_LENSES,
    GLASSES_COLOUR,
    HAIR_COLOUR,
    IRIS_COLOUR,
    SKIN_COLOUR,
    WAVY,
)
from inference.model.editing_encoder import MapTokens
from inference.model.loading import AnchorTemplate
from inference.portrait.types import PreparedPortrait
from inference.progress import CancelToken, Progress

EDITING_MODEL = "models/editing.safetensors"
_DARKER, _AGAINST_SKIN, _DULL = 0.85, 0.72, 0.4
"""How bright brows are at most, over hair and over skin, and how much greyer (our choice)."""
_PALE, _COLOURLESS = 0.35, 0.8
"""How bright grey hair is at least, and its weakest channel over its strongest: blond has .65."""


@dataclass(frozen=True)
class Reading:
    """What the model's encoder and branch say of a map and a style.

    Attributes:
        choices: all that every anchor could be.
        pose: [6] of the map, see inference.model.editing_branch.POSE.
        latents: [1, P, D] of the decoder, once they are made.
        glasses: frames and lenses.
        brows: [3] RGB.
        hair: its kind.
        beard: which one.
    """

    choices: Choices
    pose: FloatArray
    latents: Future[torch.Tensor]
    glasses: GlassesLook
    brows: FloatArray
    hair: HairKind
    beard: BeardLook


class EditingNetwork:
    """The shipped editing model, or one of the user's of the same preset."""

    def __init__(self, template: AnchorTemplate, checkpoint: Path | None = None) -> None:
        """Read the weights.

        Raises:
            InvalidModelError: they are missing or damaged.
        """
        config = editing_config(preset_config("embedded"), NAME, WIDTH)
        anchors = torch.from_numpy(np.array(template.anchors))
        self._model = EditingModel(config, anchors)
        load_checkpoint(checkpoint or resource_path(EDITING_MODEL), self._model, config)
        self._model.eval().requires_grad_(False)
        self._model.skip_silent_decoder()
        # The decoder needs neither kinds nor places: it works while those are chosen.
        self._beside = ThreadPoolExecutor(1, "editing decoder")
        self.style = config.style

    @property
    def palette_of_styles(self) -> tuple[FloatArray, FloatArray]:
        """The linear map from a style to a palette: weight [40, W] and bias [40]."""
        assert self._model.branch is not None
        linear = self._model.branch.palette
        return linear.weight.float().numpy(), linear.bias.float().numpy()

    def face_look(self, style: FloatArray) -> FaceLook:
        """What a completed style [W] says of a face."""
        palette = self._palette(style)
        return FaceLook(float(palette[AGE]), np.clip(palette[list(IRIS_COLOUR)], 0.02, 1))

    def is_grey(self, style: FloatArray) -> bool:
        """Whether hair is grey or white in a completed style [W]."""
        hair = np.clip(self._palette(style)[list(HAIR_COLOUR)], 0.02, 1)
        return float(hair.mean()) > _PALE and float(hair.min() / hair.max()) > _COLOURLESS

    def brows_of(self, style: FloatArray) -> FloatArray:
        """The colour [3] of brows that a completed style [W] says."""
        hair, skin = _hair_and_skin(self._palette(style))
        # Brows are as hair, but duller, and those of light hair are seen against the skin too.
        dull = hair + _DULL * (hair.mean() - hair)
        brows = dull * min(_DARKER, _AGAINST_SKIN * float(skin.mean() / hair.mean()))
        return np.asarray(brows, np.float32)

    def _palette(self, style: FloatArray) -> FloatArray:
        """[40] the palette of a completed style [W], which no map has a part in."""
        weight, bias = self.palette_of_styles
        return weight @ style + bias

    def read(
        self,
        labels: NDArray[np.uint8],  # [S, S]
        style: FloatArray,  # [W]
    ) -> Reading:
        """Encode a map and a style."""
        size = self._model.config.encoder.image_size
        vector = torch.from_numpy(np.ascontiguousarray(style, np.float32))[None]
        one_hot = torch.from_numpy(_resized(labels, size))[None]
        with torch.inference_mode():
            geometry = self._model.geometry(one_hot)
            latents = self._beside.submit(self._latents, geometry, vector)
            fields, pose, palette = self._model.read(one_hot, vector, geometry)
        choices = Choices(
            fields.chances[0].reshape(-1, 4).numpy(),
            fields.places[0].reshape(-1, 4, 3).numpy(),
            fields.colours[0].reshape(-1, 4, 3).numpy(),
        )
        glasses, hair, beard = _details(palette[0].numpy())
        return Reading(
            choices, pose[0].numpy(), latents, glasses, self.brows_of(style), hair, beard
        )

    def _latents(self, geometry: MapTokens, style: torch.Tensor) -> torch.Tensor:
        """[1, P, D] of an encoded map and a style [1, W]."""
        with torch.inference_mode():
            return self._model.latents(self._model.fuse(geometry, style))

    def decode(
        self,
        reading: Reading,
        kinds: NDArray[np.int64],  # [N]
        progress: Progress,
        cancel: CancelToken,
        stage: str,
    ) -> tuple[FloatArray, FloatArray]:
        """Places [N, 3] in metres and colours [N, 3] of anchors that stand for these kinds."""
        shape = (1, NUM_PATCHES, -1, 3)
        places = torch.from_numpy(reading.choices.places_of(kinds)).reshape(shape)
        colours = torch.from_numpy(reading.choices.colours_of(kinds)).reshape(shape)
        cancel.check()
        progress(stage, 0.0)
        with torch.inference_mode():
            latents = reading.latents.result()
            cancel.check()
            means, tones = self._model.places_and_colours(latents, None, places, colours)
        progress(stage, 1.0)
        return means[0].numpy(), tones[0].numpy()


def _details(
    palette: FloatArray,  # [40]
) -> tuple[GlassesLook, HairKind, BeardLook]:
    """What a palette says beyond the colours of anchors."""
    frame = np.clip(palette[list(GLASSES_COLOUR)], 0.02, 1).astype(np.float32)
    glasses = GlassesLook(frame, bool(palette[DARK_LENSES] > 0.5))
    curly, wavy = (float(_sure(palette[number])) for number in (CURLY, WAVY))
    kind = HairKind(curly, wavy * (1 - curly))
    return glasses, kind, beard_of(palette[list(BEARDS)], *_hair_and_skin(palette))


def _hair_and_skin(
    palette: FloatArray,  # [40]
) -> tuple[FloatArray, FloatArray]:
    """Their colours [3]."""
    hair, skin = (np.clip(palette[list(part)], 0.03, 1) for part in (HAIR_COLOUR, SKIN_COLOUR))
    return hair, skin


def _sure(value: float) -> float:
    """A chance as an amount: what is neither likely nor unlikely shows little."""
    share = min(max((value - 0.3) / 0.5, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _resized(labels: NDArray[np.uint8], size: int) -> FloatArray:
    """A map [S, S] as soft classes [19, size, size]."""
    planes = [
        cv2.resize((labels == label).astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
        for label in range(COUNT)
    ]
    return np.stack(planes)


def portrait_style(network: EmbeddedStyle, portrait: PreparedPortrait) -> FloatArray:
    """The style vector [W] of a portrait's foreground."""
    image = torch.from_numpy(np.ascontiguousarray(portrait.image)).permute(2, 0, 1)[None]
    alpha = torch.from_numpy(np.ascontiguousarray(portrait.alpha))[None, None]
    size = (EDGE, EDGE)
    image = functional.interpolate(image, size, mode="bilinear", antialias=True)
    alpha = functional.interpolate(alpha, size, mode="bilinear", antialias=True)
    vector: FloatArray = network.embed_images(on_backdrop(image, alpha[:, 0]))[0].cpu().numpy()
    return vector
