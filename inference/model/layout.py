"""What each tensor of a checkpoint is: its name, its shape and the paper's equation.

The table of CHECKPOINTS.md beside this file is made from it; a test holds both to the models.
"""

import re
from dataclasses import dataclass
from typing import Literal

from inference.model.config import ModelConfig
from inference.model.editing import EditingModelConfig
from inference.model.patch_evidence import evidence_width
from inference.model.patch_refinement import judged_width
from inference.model.pixel_aligned import sampled_channels
from inference.model.pooling import pooled_width

Kind = Literal["linear", "norm", "kernel", "tensor"]

_HEAD = "encoder.vit.blocks.{i}"
_LAYER = "decoder.layers.{i}"


@dataclass(frozen=True)
class Part:
    """One row.

    Attributes:
        name: in the checkpoint, without .weight and .bias; {i} counts from 0.
        kind: linear has weight [out, in] and bias [out], norm weight and bias [n], kernel weight
            [out, in, rows, columns] and bias [out], tensor neither: the name is whole.
        shape: of the weight; letters are those of `dimensions`, "*" is any length.
        meaning: what it is.
    """

    name: str
    kind: Kind
    shape: tuple[str, ...]
    meaning: str


def _perceptron(name: str, inputs: str, outputs: str) -> tuple[Part, ...]:
    """One of the two networks that mend patches."""
    start, what = f"pixel_aligned.patches.{name}", f"ours, {name} of a patch"
    return (
        Part(f"{start}.mean", "tensor", (inputs,), f"{what}: of what it is seen on"),
        Part(f"{start}.scale", "tensor", (inputs,), f"{what}: of what it is seen on"),
        Part(f"{start}.entry", "linear", ("h", inputs), f"{what}: before SiLU"),
        Part(f"{start}.blocks.{{i}}", "linear", ("h", "h"), f"{what}: before SiLU, added"),
        Part(f"{start}.exit", "linear", (outputs, "h"), f"{what}: what is changed"),
    )


LAYOUT = (
    Part(
        "encoder.vit.embed",
        "linear",
        ("E", "p"),
        "patch to token of the trained branch, F_ViT of equation 1 (F_ViT-geometry of equation 8); "
        "a patch is flattened by channel, row, column",
    ),
    Part(f"{_HEAD}.norm1", "norm", ("E",), "before self-attention"),
    Part(f"{_HEAD}.attention.query", "linear", ("E", "E"), "query; heads follow each other"),
    Part(f"{_HEAD}.attention.key_value", "linear", ("2E", "E"), "key, then value"),
    Part(f"{_HEAD}.attention.out", "linear", ("E", "E"), "after self-attention"),
    Part(f"{_HEAD}.norm2", "norm", ("E",), "before the MLP"),
    Part(f"{_HEAD}.mlp.0", "linear", ("e", "E"), "MLP, before GELU"),
    Part(f"{_HEAD}.mlp.2", "linear", ("E", "e"), "MLP, after GELU"),
    Part("encoder.vit.norm", "norm", ("E",), "closing norm of the branch"),
    Part(
        "encoder.fuse.0",
        "linear",
        ("H", "F"),
        "MLP of equations 1 and 8 over the trained branch's features, then the frozen network's "
        "layers in order (or the style)",
    ),
    Part("encoder.fuse.2", "linear", ("D", "H"), "the same, after GELU"),
    Part("encoder.norm", "norm", ("D",), "closing norm of F_2D"),
    Part("encoder.class_probe", "tensor", ("l", "f"), "ours: patch features to class shares"),
    Part("encoder.reduce_mean", "tensor", ("n",), "ours: mean of the patch features"),
    Part("encoder.reduce", "tensor", ("n", "r"), "ours: patch features to few channels"),
    Part("template.query", "tensor", ("P", "D"), "learned query of each 3D patch, F_0"),
    Part(
        "template.position.0",
        "linear",
        ("D", "x"),
        "F_0 from where the patch's anchors lie: centre, offsets, sines, cosines",
    ),
    Part("template.position.2", "linear", ("D", "D"), "the same, after GELU"),
    Part(f"{_LAYER}.norm1", "norm", ("D",), "before cross-attention, equation 2"),
    Part(f"{_LAYER}.attention.query", "linear", ("D", "D"), "query from the 3D patches"),
    Part(f"{_LAYER}.attention.key_value", "linear", ("2D", "D"), "key, then value, from F_2D"),
    Part(f"{_LAYER}.attention.out", "linear", ("D", "D"), "after cross-attention"),
    Part(f"{_LAYER}.norm2", "norm", ("D",), "before the MLP"),
    Part(f"{_LAYER}.mlp.0", "linear", ("M", "D"), "MLP_i of equation 2, before GELU"),
    Part(f"{_LAYER}.mlp.2", "linear", ("D", "M"), "MLP_i of equation 2, after GELU"),
    Part("decoder.norm", "norm", ("D",), "closing norm of the decoder"),
    Part("head.position", "linear", ("3", "d"), "equation 3, before tanh"),
    Part("head.scale", "linear", ("3", "d"), "log of the scale"),
    Part("head.rotation", "linear", ("4", "d"), "quaternion wxyz, before normalisation"),
    Part("head.opacity", "linear", ("1", "d"), "before the sigmoid"),
    Part("head.colour", "linear", ("3", "d"), "before the sigmoid"),
    Part("head.start", "tensor", ("*", "*", "3"), "added to the anchor, metres; 0 in the paper"),
    Part("head.reach", "tensor", ("*", "*", "1"), "s_max of equation 3, metres"),
    Part("head.colour_start", "tensor", ("*", "*", "3"), "where the colour starts, 0..1"),
    Part("head.scale_start", "tensor", ("*", "*", "3"), "added to the log of the scale"),
    Part("head.rotation_start", "tensor", ("*", "*", "4"), "a turn that follows the predicted one"),
    Part("low_rank.queries", "tensor", ("Q", "D"), "ours: global latents beside the patches"),
    Part("low_rank.feature_mean", "tensor", ("w",), "ours: of the pooled features"),
    Part("low_rank.feature_scale", "tensor", ("w",), "ours: of the pooled features"),
    Part("low_rank.yaw", "tensor", ("y",), "ours: pooled features to degrees"),
    Part("low_rank.region", "tensor", ("P", "K"), "ours: whose coefficients an anchor takes"),
    Part("low_rank.shape_basis", "tensor", ("P", "K", "3", "a"), "ours: metres a coefficient"),
    Part("low_rank.cover_basis", "tensor", ("P", "K", "3", "v"), "ours: metres to what hides it"),
    Part("low_rank.colour_basis", "tensor", ("P", "K", "3", "b"), "ours: RGB a coefficient"),
    Part("low_rank.linear", "linear", ("c", "g"), "ours: gated features to coefficients"),
    Part("low_rank.refine", "linear", ("c", "q"), "ours: global latents to coefficients"),
    Part("pixel_aligned.probes", "tensor", ("m",), "ours: anchors that are looked up"),
    Part("pixel_aligned.normals", "tensor", ("P", "K", "3"), "ours: of the template, in 127ths"),
    Part("pixel_aligned.mirror", "tensor", ("P", "K"), "ours: the anchor on the other side"),
    Part("pixel_aligned.pose_scale", "tensor", ("8",), "ours: of the affine camera"),
    Part("pixel_aligned.sampled_mean", "tensor", ("s",), "ours: of what the probes read"),
    Part("pixel_aligned.sampled_scale", "tensor", ("s",), "ours: of what the probes read"),
    Part("pixel_aligned.pose", "linear", ("8", "g"), "ours: gated features to the camera"),
    Part("pixel_aligned.steps.{i}", "linear", ("8", "s"), "ours: what probes read to its change"),
    Part("pixel_aligned.shape", "linear", ("j", "s"), "ours: what probes read to the shape's"),
    Part("pixel_aligned.shape_basis", "tensor", ("P", "K", "3", "i"), "ours: metres a coefficient"),
    *_perceptron("places", "t", "3K"),
    *_perceptron("colours", "u", "6K"),
    Part("branch.feature_mean", "tensor", ("*",), "ours, editing: of the pooled face map"),
    Part("branch.feature_std", "tensor", ("*",), "ours, editing: of the pooled face map"),
    Part("branch.latent", "linear", ("*", "*"), "ours, editing: pooled map to latent and pose"),
    Part("branch.palette", "linear", ("*", "*"), "ours, editing: style to palette"),
    Part("branch.queries", "tensor", ("*", "D"), "ours, editing: global latents of the map"),
    Part("branch.refine", "linear", ("*", "*"), "ours, editing: these to what the latent gains"),
    Part("branch.tints", "tensor", ("*", "D"), "ours, editing: global latents of the style"),
    Part("branch.tint", "linear", ("*", "*"), "ours, editing: these to what the palette gains"),
    Part("branch.places.{i}.patches", "tensor", ("*",), "ours, editing: patches of table i"),
    Part(
        "branch.places.{i}.values",
        "tensor",
        ("*", "K", "*", "*"),
        "8 bits: metres an anchor of a kind lies at",
    ),
    Part("branch.places.{i}.scale", "tensor", ("*", "1", "1", "*"), "what 1 of the 8 bits is"),
    Part("branch.places.{i}.centre", "tensor", ("*", "K", "*"), "the same at code 0"),
    Part("branch.chances.{i}.patches", "tensor", ("*",), "ours, editing: patches of table i"),
    Part(
        "branch.chances.{i}.values", "tensor", ("*", "K", "*", "*"), "8 bits: how likely a kind is"
    ),
    Part("branch.chances.{i}.scale", "tensor", ("*", "1", "1", "*"), "what 1 of the 8 bits is"),
    Part("branch.chances.{i}.centre", "tensor", ("*", "K", "*"), "the same at code 0"),
    Part("branch.colours.{i}.patches", "tensor", ("*",), "ours, editing: patches of table i"),
    Part(
        "branch.colours.{i}.values",
        "tensor",
        ("*", "K", "*", "*"),
        "8 bits: RGB of an anchor of a kind",
    ),
    Part("branch.colours.{i}.scale", "tensor", ("*", "1", "1", "*"), "what 1 of the 8 bits is"),
    Part("branch.colours.{i}.centre", "tensor", ("*", "K", "*"), "the same at code 0"),
    Part("sharpening.down.{i}.enter", "kernel", ("*", "*", "3", "3"), "SHP-CNN, on the way down"),
    Part("sharpening.down.{i}.refine", "kernel", ("*", "*", "3", "3"), "the same, with a skip"),
    Part("sharpening.up.{i}.enter", "kernel", ("*", "*", "3", "3"), "SHP-CNN, on the way up"),
    Part("sharpening.up.{i}.refine", "kernel", ("*", "*", "3", "3"), "the same, with a skip"),
    Part("sharpening.out.weight", "tensor", ("3", "*", "1", "1"), "SHP-CNN, the residual"),
)

LETTERS = {
    "D": "width of a patch latent",
    "P": "3D patches",
    "K": "Gaussians a patch",
    "d": "channels a Gaussian, D / K",
    "M": "hidden width of the decoder's MLPs",
    "E": "width of the trained ViT",
    "e": "hidden width of its MLPs",
    "p": "numbers of a patch: channels x edge x edge",
    "F": "features that are fused: E and the frozen network's layers, or E and the style",
    "H": "hidden width of the fusing MLP",
    "x": "numbers of a patch's position: 3 + 3 K + 6 octaves",
    "Q": "global latents",
    "q": "Q x D",
    "w": "pooled features",
    "a": "shape components",
    "v": "cover components",
    "b": "colour components",
    "c": "coefficients: regions x (a + v + b)",
    "y": "w + 1",
    "g": "gates x y",
    "l": "classes of the probe",
    "f": "features of a patch and a constant",
    "n": "features of a patch",
    "r": "channels they are reduced to",
    "m": "probes",
    "s": "m x numbers that a probe reads",
    "i": "components of what the shape lacks",
    "j": "regions x i",
    "h": "width of the networks that mend patches",
    "t": "what a patch is seen on",
    "u": "t and what its colours are judged by",
}
"""What the letters of the shapes stand for."""


def dimensions(config: ModelConfig | EditingModelConfig) -> dict[str, int]:
    """The letters' values; those of a part that the model does not have are left out."""
    encoder, decoder, head = config.encoder, config.decoder, config.head
    vit = encoder.vit
    if isinstance(config, EditingModelConfig):
        channels, patch = config.encoder.classes, config.encoder.patch_size
        features = vit.width + config.encoder.style_width
    else:
        backbone = config.encoder.backbone
        channels, patch = 3, backbone.patch_size
        features = vit.width + backbone.width * len(backbone.layers)
    values = {
        "D": decoder.width,
        "P": decoder.patches,
        "K": head.per_patch,
        "d": decoder.width // head.per_patch,
        "M": decoder.mlp_ratio * decoder.width,
        "E": vit.width,
        "e": vit.mlp_ratio * vit.width,
        "p": channels * patch**2,
        "F": features,
        "H": encoder.hidden,
        "x": 3 + 3 * head.per_patch + 6 * decoder.frequencies,
    }
    if isinstance(config, ModelConfig) and config.low_rank is not None:
        low_rank = config.low_rank
        values |= {
            "Q": low_rank.queries,
            "q": low_rank.queries * decoder.width,
            "w": pooled_width(config.encoder, low_rank),
            "a": low_rank.shape,
            "v": low_rank.cover,
            "b": low_rank.colour,
            "c": sum(low_rank.counts),
            "y": pooled_width(config.encoder, low_rank) + 1,
            "g": low_rank.gates * (pooled_width(config.encoder, low_rank) + 1),
            "l": low_rank.classes,
            "f": config.encoder.backbone.width * len(config.encoder.backbone.layers) + 1,
        }
    if isinstance(config, ModelConfig) and config.low_rank and config.pixel_aligned:
        aligned = config.pixel_aligned
        values |= {
            "n": config.encoder.backbone.width * len(config.encoder.backbone.layers),
            "r": aligned.reduced,
            "m": aligned.probes,
            "s": aligned.probes * sampled_channels(aligned, config.low_rank),
            "i": aligned.shape,
            "j": config.low_rank.regions * aligned.shape,
            "h": aligned.refined,
            "t": evidence_width(aligned, config.low_rank, head.per_patch),
            "u": evidence_width(aligned, config.low_rank, head.per_patch)
            + judged_width(config.low_rank, head.per_patch),
        }
    return values


def part_of(name: str) -> tuple[Part, tuple[str, ...]]:
    """The row of a tensor and its shape in letters.

    Raises:
        KeyError: it has none.
    """
    for part in LAYOUT:
        pattern = re.escape(part.name).replace(r"\{i\}", r"\d+")
        if part.kind == "tensor":
            if re.fullmatch(pattern, name):
                return part, part.shape
        elif re.fullmatch(rf"{pattern}\.weight", name):
            return part, part.shape
        elif re.fullmatch(rf"{pattern}\.bias", name):
            return part, part.shape[:1]
    raise KeyError(name)


def layout_table() -> str:
    """The table and the letters in Markdown."""
    rows = [
        f"| `{part.name}` | {part.kind} | {' x '.join(part.shape)} | {part.meaning} |"
        for part in LAYOUT
    ]
    head = ["| name | kind | shape | what it is |", "| --- | --- | --- | --- |"]
    letters = [f"- {letter}: {meaning}" for letter, meaning in LETTERS.items()]
    return "\n".join([*head, *rows, "", *letters, ""])
