"""Editing with a preset of the paper's: equation 8 as it stands, its style network a CLIP.

The weights lie as `editing.safetensors` beside the preset's own, as training/train_editing.py
writes them, and name the style network that they were trained with.
"""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch.nn import functional

from inference.device import Device
from inference.editing.lens_words import lenses_in_words
from inference.editing.types import EditedHead, EditRequest, Style, check_styles
from inference.errors import InvalidModelError, UsageError
from inference.face_map.labels import COUNT
from inference.features.published import load_clip_style
from inference.features.style import StyleEncoder
from inference.head.gaussians import NUM_PATCHES, FloatArray, Gaussians, joined
from inference.head.template import HeadTemplate
from inference.model.checkpoint import load_checkpoint
from inference.model.config import preset_config
from inference.model.editing import EditingModel, editing_config
from inference.model.loading import check_template
from inference.model.predict import CHUNK_PATCHES, network_input
from inference.portrait.types import PreparedPortrait
from inference.progress import CancelToken, Progress
from inference.rendering.camera import orbit_camera

EDITING_FILE = "editing.safetensors"
STYLE_STAGE, HEAD_STAGE = "Reading the style", "Shaping the head"

_MOVED = 0.008
"""Metres that a map has to move a Gaussian for nothing of the photograph's own look to stay
there (our choice)."""

LoadStyle = Callable[[str, Device], StyleEncoder]


class PresetEditor:
    """Implements the editing calls of EditingEngineProtocol; may be asked from several threads.

    Args:
        template: of the heads.
        preset: whose editing weights they are.
        checkpoint: the preset's own weights, beside which those for editing lie.
        device: where and in which precision the model runs.
        load_style: loads a style network by its name.
    """

    def __init__(
        self,
        template: HeadTemplate,
        preset: str,
        checkpoint: Path,
        device: Device,
        load_style: LoadStyle = load_clip_style,
    ) -> None:
        self._template, self._preset, self._device = template, preset, device
        self._file = checkpoint.with_name(EDITING_FILE)
        self._load_style = load_style
        self._style: StyleEncoder | None = None
        self._model: EditingModel | None = None
        self._lock = threading.Lock()

    @property
    def style_network(self) -> StyleEncoder:
        """The style network that the weights were trained with, read once.

        Raises:
            UsageError: its packages are not installed.
            InvalidModelError: it or the weights are not on this computer, or damaged.
        """
        with self._lock:
            if self._style is None:
                self._style = self._load_style(style_of_file(self._file)[0], self._device)
            return self._style

    @property
    def model(self) -> EditingModel:
        """The editing model, read once.

        Raises:
            InvalidModelError: the weights are missing, damaged or of another preset or template.
        """
        with self._lock:
            if self._model is None:
                config = editing_config(preset_config(self._preset), *style_of_file(self._file))
                model = EditingModel(config, torch.from_numpy(np.array(self._template.anchors)))
                info = load_checkpoint(self._file, model, config)
                check_template(self._file, info, self._template)
                self._model = model.to(self._device.name).eval().requires_grad_(False)
            return self._model

    def style_of_portrait(
        self, portrait: PreparedPortrait, progress: Progress, cancel: CancelToken
    ) -> Style:
        """The style of a photograph; raises as style_network does."""
        cancel.check()
        progress(STYLE_STAGE, 0.0)
        network = self.style_network
        cancel.check()
        images, _ = network_input(portrait, self.model.config.encoder.image_size)
        vector = network.embed_images(images)[0].cpu().numpy()
        progress(STYLE_STAGE, 1.0)
        return Style(vector, network.name, "this portrait")

    def style_of_text(self, text: str, progress: Progress, cancel: CancelToken) -> Style:
        """The style that a description means.

        Raises:
            UsageError: the text is empty.
        """
        if not text.strip():
            raise UsageError("Describe the style in a few words, for example: red hair, a beard.")
        cancel.check()
        progress(STYLE_STAGE, 0.0)
        network = self.style_network
        cancel.check()
        vector = network.embed_texts([text])[0].cpu().numpy()
        progress(STYLE_STAGE, 1.0)
        return Style(vector, network.name, text.strip(), lenses_in_words(text))

    def edit(self, request: EditRequest, progress: Progress, cancel: CancelToken) -> EditedHead:
        """Make the head that a map and a style describe.

        Raises:
            UsageError: the style comes from another style network.
            Cancelled: the token was set.
        """
        check_styles(self.model.config.style, request.style, request.base_style)
        began = time.perf_counter()
        head = self._head(request.labels, request.style, progress, cancel)
        base, labels, own = request.base, request.base_labels, request.base_style
        if base is None:
            camera = orbit_camera(size=(len(request.labels),) * 2)
        else:
            camera = base.camera.resized(len(request.labels), len(request.labels))
            if labels is not None and own is not None and request.keep_identity > 0:
                before = self._head(labels, own, progress, cancel)
                head = keep_look(head, before, base.gaussians, request.keep_identity)
        seconds = {"edit": time.perf_counter() - began}
        return EditedHead(head, camera, request, seconds, self._preset)

    def prepare_edits(self, request: EditRequest, progress: Progress, cancel: CancelToken) -> None:
        """Read the model, for the edits to come; it keeps no heads.

        Raises:
            UsageError: the style comes from another style network.
            Cancelled: the token was set.
        """
        cancel.check()
        progress(HEAD_STAGE, 0.0)
        check_styles(self.model.config.style, request.base_style)
        cancel.check()
        progress(HEAD_STAGE, 1.0)

    @torch.inference_mode()
    def _head(
        self, labels: NDArray[np.uint8], style: Style, progress: Progress, cancel: CancelToken
    ) -> Gaussians:
        """Equation 8, then the decoder and the head of equations 2 and 3."""
        model, device = self.model, self._device
        planes = soft_classes(labels, model.config.encoder.image_size).to(device.name)
        vector = torch.from_numpy(np.ascontiguousarray(style.vector, np.float32))
        half = device.precision != "float32"
        products = torch.autocast(
            device.name.split(":")[0], getattr(torch, device.precision), enabled=half
        )
        chunks = []
        cancel.check()
        with products:
            tokens = model.encoder(planes, vector[None].to(device.name))
        for start in range(0, NUM_PATCHES, CHUNK_PATCHES):
            cancel.check()
            progress(HEAD_STAGE, start / NUM_PATCHES)
            index = torch.arange(start, start + CHUNK_PATCHES, device=device.name)
            with products:
                latents = model.decoder(model.template(index)[None], tokens.tokens, tokens.keep)
            chunks.append(model.head(latents.float(), index).to_gaussians(0))
        progress(HEAD_STAGE, 1.0)
        return joined(chunks)


def style_of_file(path: Path) -> tuple[str, int]:
    """Name and width of the style network that editing weights were trained with.

    Raises:
        InvalidModelError: there are none, or they are damaged.
    """
    if not path.is_file():
        raise InvalidModelError(
            f"This model has no weights for editing: put {path.name} beside {path.parent}'s "
            "others (training/README.md says how they are made)."
        )
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            config = json.loads(file.metadata()["config"])
        return str(config["style"]), int(config["encoder"]["style_width"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InvalidModelError(
            f"{path} holds no editing weights of PercHead: choose another file."
        ) from error


def soft_classes(labels: NDArray[np.uint8], size: int) -> torch.Tensor:
    """A map [S, S] as the encoder takes it, [1, 19, size, size], soft where regions meet."""
    one_hot = functional.one_hot(torch.from_numpy(labels.astype(np.int64)), COUNT)
    planes = one_hot.permute(2, 0, 1)[None].float()
    return functional.interpolate(planes, (size, size), mode="bilinear", antialias=True)


def keep_look(edited: Gaussians, before: Gaussians, base: Gaussians, keep: float) -> Gaussians:
    """An edited head that keeps of the photograph's own what the edit did not move.

    Args:
        edited: what the model makes of the new map and style.
        before: what it makes of the old ones: the difference is what the edit did.
        base: the portrait's own head.
        keep: 0..1, how much of it stays.
    """
    moved = np.linalg.norm(edited.means - before.means, axis=1, keepdims=True)
    share: FloatArray = keep * np.clip(1 - moved / _MOVED, 0, 1).astype(np.float32)

    def mixed(name: str) -> FloatArray:
        now, then, own = (getattr(head, name) for head in (edited, before, base))
        weight = share if now.ndim == 2 else share[:, 0]
        result: FloatArray = now + weight * (own - then)
        return result

    # The shorter way between two rotations.
    own = base.quaternions * np.sign(
        (base.quaternions * edited.quaternions).sum(1, keepdims=True) + 1e-12
    )
    turned = (1 - share) * edited.quaternions + share * own
    scales = np.exp(np.log(edited.scales) + share * (np.log(base.scales) - np.log(before.scales)))
    return Gaussians(
        mixed("means"),
        turned / np.linalg.norm(turned, axis=1, keepdims=True),
        scales,
        np.clip(mixed("opacities"), 0, 1),
        np.clip(mixed("colours"), 0, 1),
    )
