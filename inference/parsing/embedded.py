"""The face parser that ships with PercHead: 19 classes from frozen features and the landmarks."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from torch.nn import functional

from inference.errors import InvalidModelError, NoFaceError
from inference.face_map.labels import Label
from inference.features.embedded import load_embedded_backbone
from inference.features.protocol import ImageBackbone
from inference.files import resource_path
from inference.head.gaussians import FloatArray
from inference.model.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
from inference.parsing.parser_config import ParserConfig
from inference.parsing.parser_input import as_tensors, parser_picture, token_features
from inference.parsing.parser_network import ParserNetwork, fine_input, without_exposure
from inference.parsing.protocol import FaceParsing
from inference.parsing.tidying import tidied
from inference.portrait.types import PreparedPortrait

EMBEDDED_PARSER = "models/parser.safetensors"

LEAST_FACE = 0.002
"""Share of the crop that a face takes at least (our choice): 23 pixels of 512 along an edge."""

_WIDEST = 1024  # channels; more is damage, and building it would take all memory


class EmbeddedParser:
    """A FaceParser of our own.

    Args:
        network: the trained part, in evaluation mode.
        backbone: the frozen ViT-S/14 that it reads.
    """

    name = "embedded"

    def __init__(self, network: ParserNetwork, backbone: ImageBackbone) -> None:
        self._network, self._backbone = network, backbone

    def parse(self, portrait: PreparedPortrait) -> FaceParsing:
        """The regions of a portrait's crop, in its size.

        Raises:
            NoFaceError: it shows none.
        """
        return self.parse_tokens(self.tokens(portrait), portrait)

    def parse_tokens(
        self,
        tokens: torch.Tensor,  # [1, G * G, layers * width]
        portrait: PreparedPortrait,
        *,
        use_landmarks: bool = True,
    ) -> FaceParsing:
        """What parse does with the portrait's tokens.

        Args:
            tokens: from the method of this name.
            portrait: the same.
            use_landmarks: whether they sharpen the features of the face.

        Raises:
            NoFaceError: it shows none.
        """
        if not (use_landmarks and _mostly_within(portrait)):
            portrait = replace(portrait, landmarks=None)
        scores = tidied(self._raw_scores(tokens, portrait), portrait.landmarks)
        skin = (scores.argmax(0) == Label.FACE).mean()
        if portrait.landmarks is None and skin < LEAST_FACE:
            raise NoFaceError("There is no face to be found in the crop: move the crop box.")
        return FaceParsing(scores)

    @torch.no_grad()
    def tokens(self, portrait: PreparedPortrait) -> torch.Tensor:
        """The frozen features [1, G * G, layers * width]: most of the work."""
        return token_features(self._backbone, portrait, self._network.config)

    @torch.no_grad()
    def _raw_scores(self, tokens: torch.Tensor, portrait: PreparedPortrait) -> FloatArray:
        """[19, S, S] as the network gives them, sums 1."""
        config = self._network.config
        picture, alpha, hints = as_tensors([parser_picture(portrait, config)])
        fine = fine_input(without_exposure(picture), alpha, hints)
        logits = self._network(tokens.unflatten(1, (config.grid, config.grid)), fine)
        large = functional.interpolate(logits, (portrait.size,) * 2, mode="bilinear")
        scores: FloatArray = large[0].softmax(0).numpy()
        return scores


def _mostly_within(portrait: PreparedPortrait) -> bool:
    """Whether the landmarks are those of a face that the crop shows."""
    if portrait.landmarks is None:
        return False
    points = portrait.landmarks.points
    return bool(((points >= 0) & (points < portrait.size)).all(1).mean() > 0.5)


def load_embedded_parser(
    path: Path | None = None, backbone: ImageBackbone | None = None
) -> EmbeddedParser:
    """The parser that ships, or that of a training run.

    Args:
        path: its weights; None for those that ship.
        backbone: the frozen features, if they are in memory already.

    Raises:
        InvalidModelError: a file is missing, damaged or something else.
    """
    network = load_parser_network(path or resource_path(EMBEDDED_PARSER))
    return EmbeddedParser(network, backbone or load_embedded_backbone())


def load_parser_network(path: Path) -> ParserNetwork:
    """The trained part; its shape is in the file's own metadata.

    Raises:
        InvalidModelError: the file is missing, damaged or something else.
    """
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            config = _config(json.loads(file.metadata()["config"]))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InvalidModelError(
            f"{path.name} is missing, damaged or no face parser: install PercHead again or "
            "choose another file."
        ) from error
    network = ParserNetwork(config)
    load_checkpoint(path, network, config)
    return network.eval().requires_grad_(False)


def save_parser(path: Path, network: nn.Module, trained_by: str, licence: str) -> None:
    """Write the trained part in half precision.

    Raises:
        OutputError: it cannot be written there.
    """
    assert isinstance(network, ParserNetwork)
    config = network.config
    info = CheckpointInfo(
        preset=config.name,
        embedding_widths={"vit_s14": config.feature_width},
        template_id="",
        trained_by=trained_by,
        licence=licence,
    )
    save_checkpoint(path, network, config, info, torch.float16)


def _config(values: dict[str, Any]) -> ParserConfig:
    """The shape that a file names.

    Raises:
        TypeError: a field is unknown or no number.
        ValueError: no network of a sensible size has this shape.
    """
    lists = {name: tuple(values[name]) for name in ("layers", "widths", "joined")}
    config = ParserConfig(**(values | lists))
    numbers = [
        *(config.feature_width, config.patch_size, config.backbone_size, config.size),
        *(config.hints, config.token_width, config.fused, *config.widths, *config.joined),
    ]
    if not all(type(number) is int and 1 <= number <= _WIDEST for number in numbers):
        raise ValueError("there is no such network")
    if config.hints != ParserConfig.hints or config.size % 4:
        raise ValueError("this program draws other outlines")
    if config.backbone_size % config.patch_size or (len(config.widths), len(config.joined)) != (
        3,
        2,
    ):
        raise ValueError("there is no such network")
    return config
