"""The editing model as the editor asks it: numpy in, numpy out."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

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
from inference.model.editing_branch import DARK_LENSES, GLASSES_COLOUR
from inference.model.loading import AnchorTemplate
from inference.model.predict import CHUNK_PATCHES
from inference.model.tensors import ImageTokens
from inference.portrait.types import PreparedPortrait
from inference.progress import CancelToken, Progress

EDITING_MODEL = "models/editing.safetensors"


@dataclass(frozen=True)
class Reading:
    """What the model's encoder and branch say of a map and a style.

    Attributes:
        choices: all that every anchor could be.
        pose: [6] of the map, see inference.model.editing_branch.POSE.
        tokens: for the decoder.
        glasses_colour: [3] RGB.
        dark_lenses: whether glasses are sunglasses.
    """

    choices: Choices
    pose: FloatArray
    tokens: ImageTokens
    glasses_colour: FloatArray
    dark_lenses: bool


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
        self.style = config.style

    def read(
        self,
        labels: NDArray[np.uint8],  # [S, S]
        style: FloatArray,  # [W]
    ) -> Reading:
        """Encode a map and a style."""
        size = self._model.config.encoder.image_size
        vector = torch.from_numpy(np.ascontiguousarray(style, np.float32))[None]
        one_hot = torch.from_numpy(_resized(labels, size))[None]
        branch = self._model.branch
        assert branch is not None
        with torch.inference_mode():
            fields, pose = self._model.read(one_hot, vector)
            tokens = self._model.encode(one_hot, vector)
            palette = branch.palette(vector)[0].numpy()
        choices = Choices(
            fields.chances[0].reshape(-1, 4).numpy(),
            fields.places[0].reshape(-1, 4, 3).numpy(),
            fields.colours[0].reshape(-1, 4, 3).numpy(),
        )
        colour = np.clip(palette[list(GLASSES_COLOUR)], 0.02, 1).astype(np.float32)
        return Reading(choices, pose[0].numpy(), tokens, colour, bool(palette[DARK_LENSES] > 0.5))

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
        found = []
        with torch.inference_mode():
            for start in range(0, NUM_PATCHES, CHUNK_PATCHES):
                cancel.check()
                progress(stage, start / NUM_PATCHES)
                index = torch.arange(start, start + CHUNK_PATCHES)
                found.append(
                    self._model.decode(reading.tokens, index, places[:, index], colours[:, index])
                )
        progress(stage, 1.0)
        return (
            np.concatenate([part.means[0].numpy() for part in found]),
            np.concatenate([part.colours[0].numpy() for part in found]),
        )


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
