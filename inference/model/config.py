"""What the presets are made of: one frozen dataclass per part of the model.

Values that the paper states carry its section; "our choice" marks those it leaves open.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from inference.errors import UsageError
from inference.head.gaussians import GAUSSIANS_PER_PATCH, NUM_PATCHES

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class BackboneConfig:
    """The frozen network whose features the model reads.

    Attributes:
        name: which network, as the catalogue calls it.
        width: channels of one layer's features.
        layers: 0-based blocks whose outputs are read (appendix E for the giant).
        patch_size: edge of a patch in pixels.
        depth: number of blocks (for the cost table).
        swiglu: whether its MLPs are SwiGLU, as in the giant (for the cost table).
        trained_size: edge in pixels of the pictures its positions were trained on.
    """

    name: str
    width: int
    layers: tuple[int, ...]
    patch_size: int = 14
    depth: int = 12
    swiglu: bool = False
    trained_size: int = 518


@dataclass(frozen=True)
class VitConfig:
    """A small trained ViT on the same patch grid.

    Attributes:
        width: channels (appendix E: 128).
        layers: blocks (appendix E: 2).
        heads: attention heads (our choice).
        mlp_ratio: hidden width of the MLPs over the width (MAE's value).
    """

    width: int = 128
    layers: int = 2
    heads: int = 4
    mlp_ratio: int = 4


@dataclass(frozen=True)
class EncoderConfig:
    """The 2D side, equation 1.

    Attributes:
        image_size: edge in pixels of the square crop both branches see (our choice).
        backbone: the frozen branch.
        vit: the trained branch.
        hidden: hidden width of the fusing MLP (our choice).
        foreground_threshold: mean alpha 0..1 over a patch from which on it is kept
            (our choice).
    """

    image_size: int
    backbone: BackboneConfig
    vit: VitConfig
    hidden: int
    foreground_threshold: float = 0.25

    @property
    def grid(self) -> int:
        """Patches along an edge of the crop."""
        return self.image_size // self.backbone.patch_size


@dataclass(frozen=True)
class DecoderConfig:
    """The cross-attention decoder, equation 2 and appendix E.

    Attributes:
        width: channels of a patch latent (1024).
        layers: decoder layers (10; 4 in the light models, appendix C.6).
        heads: cross-attention heads (16).
        patches: 3D patches (4096).
        mlp_ratio: hidden width of the MLPs over the width (MAE's value).
        frequencies: octaves of the anchors' positional embedding (our choice).
    """

    width: int = 1024
    layers: int = 10
    heads: int = 16
    patches: int = NUM_PATCHES
    mlp_ratio: int = 4
    frequencies: int = 8


@dataclass(frozen=True)
class GaussianHeadConfig:
    """From latents to Gaussians, section 3.1 and equation 3; all values are our choice.

    Attributes:
        per_patch: Gaussians a patch (16, appendix E).
        s_init: factor inside equation 3's tanh; small values move little early on.
        s_max: metres that a Gaussian may go from its anchor; where `per_anchor`, only the
            start value of the buffer that the checkpoint brings.
        scale_bias: log of the first scale: in metres, or over the prior where spacing is it.
        scale_prior: "constant" for scale = exp(...); "spacing" for exp(...) times the local
            spacing of the predicted positions, which is right before anything is learned.
        scale_max: largest standard deviation in metres.
        opacity_bias: logit of the first opacity.
        per_anchor: start positions, reach and start colours are one value per anchor, data
            of the checkpoint (a mean head), instead of constants.
    """

    per_patch: int = GAUSSIANS_PER_PATCH
    s_init: float = 0.1
    s_max: float = 0.12
    scale_bias: float = -5.0
    scale_prior: Literal["constant", "spacing"] = "constant"
    scale_max: float = 0.01
    opacity_bias: float = -2.197
    per_anchor: bool = False


@dataclass(frozen=True)
class LowRankConfig:
    """A global shape and colour estimate that the decoder refines; ours, not the paper's.

    Every value is our choice, found on held-out synthetic heads.

    Attributes:
        regions: parts of the head with components of their own, so that hair does not bend
            faces: face, scalp, and neck with clothes.
        shape: principal components of the anchors' own places, a region.
        cover: components of the way from there to what hides it (hair, glasses, hats), a region.
        colour: components of colours, a region.
        cover_from: metres from which on a predicted way to a cover is taken.
        cover_soft: metres over which that sets in.
        classes: kinds of things whose share of a patch is read off the features.
        gate_centres: degrees of yaw around which the linear map has weights of their own.
        gate_width: degrees, standard deviation of those gates.
        queries: global latents that pass through the decoder beside the patches.
    """

    regions: int = 3
    shape: int = 32
    cover: int = 8
    colour: int = 16
    cover_from: float = 0.026
    cover_soft: float = 0.004
    classes: int = 8
    gate_centres: tuple[float, ...] = (-80.0, -40.0, 0.0, 40.0, 80.0)
    gate_width: float = 30.0
    queries: int = 16

    @property
    def counts(self) -> tuple[int, int, int]:
        """Coefficients of shape, cover and colour, in this order."""
        return (
            self.regions * self.shape,
            self.regions * self.cover,
            self.regions * self.colour,
        )

    @property
    def gates(self) -> int:
        """Copies of the linear map's weights: one for each gate, and one for all yaws."""
        return len(self.gate_centres) + 1


@dataclass(frozen=True)
class PixelAlignedConfig:
    """The look back at the picture, anchor by anchor; ours, not the paper's.

    Every value is our choice.

    Attributes:
        probes: anchors that are looked up in the picture to find the head's pose and shape.
        reduced: channels to which the frozen features are reduced before they are sampled.
        blurs: standard deviations, as shares of the picture's edge, of the blurred foreground
            that says how far the outline is.
        rounds: corrections of the pose, each from what is read where the one before put the
            probes; the shape follows.
        shape: principal components of what the low-rank shape lacks, a region.
        rings: radii around a patch's middle, where the picture is 2 wide, on which it looks too.
        cells: along an edge of the picture, in which the foremost anchor hides others.
        faces: which of the low-rank branch's classes are a bare face: face, glasses.
        refined: width of the two networks that mend patches.
        dropout: share of their hidden numbers that training leaves out.
    """

    probes: int = 512
    reduced: int = 32
    blurs: tuple[float, ...] = (0.012, 0.04, 0.12)
    rounds: int = 2
    shape: int = 32
    rings: tuple[float, ...] = (0.06, 0.16)
    cells: int = 48
    faces: tuple[int, ...] = (4, 6)
    refined: int = 128
    dropout: float = 0.1


@dataclass(frozen=True)
class SharpeningConfig:
    """SHP-CNN, section 3.1; every value is our choice.

    Attributes:
        width: channels of the first level, doubled at each next one.
        levels: resolutions of the network with skip connections.
        blur_sigma: standard deviation of the Gaussian blur in pixels.
        fold: edge in pixels of the squares that become channels at the entry and pixels again
            at the exit (pixel-unshuffle, https://arxiv.org/abs/1609.05158); 1 keeps the full
            resolution, 2 costs a CPU about a quarter of that.
    """

    width: int = 64
    levels: int = 3
    blur_sigma: float = 1.5
    fold: int = 1

    @property
    def step(self) -> int:
        """Pixels of the picture along one pixel of the coarsest level."""
        return int(self.fold * 2 ** (self.levels - 1))

    @property
    def blur_radius(self) -> int:
        """Reach of the blur in pixels."""
        return max(1, round(3 * self.blur_sigma))

    @property
    def margin(self) -> int:
        """How far in pixels the network sees around a pixel, as a multiple of `step`."""
        coarsest = 2 ** (self.levels - 1)
        convolutions = 2 * (2 * coarsest - 1) + 2 * (coarsest - 1)
        enlargements = 2 * (coarsest - 1)
        reach = self.blur_radius + self.fold * (convolutions + enlargements)
        return -(-reach // self.step) * self.step


@dataclass(frozen=True)
class EditingConfig:
    """The encoder that replaces the image by labels and style, equation 8.

    Attributes:
        image_size: edge in pixels of the label map (our choice).
        patch_size: edge of a patch in pixels.
        classes: label channels (19, FaRL).
        vit: the trained branch over the label map (our choice: the image branch's).
        style_width: width of the style vector (our choice: CLIP ViT-L/14).
        hidden: hidden width of the fusing MLP (our choice).
    """

    image_size: int = 518
    patch_size: int = 14
    classes: int = 19
    vit: VitConfig = VitConfig()
    style_width: int = 768
    hidden: int = 1024

    @property
    def grid(self) -> int:
        """Patches along an edge of the label map."""
        return self.image_size // self.patch_size


@dataclass(frozen=True)
class EditingBranchConfig:
    """What map and style say in closed form (inference.model.editing_branch); our own.

    Attributes:
        latent: numbers that geometry hangs on, all from the face map.
        palette: numbers that colours hang on, all from the style.
        patches: how many patches can be skin, hair, cloth, a hat.
        columns: which numbers of the palette the colours of each of these hang on.
        queries: global latents that the decoder refines the geometry with.
        tints: global latents that it refines the palette with.
    """

    latent: int = 24
    palette: int = 40
    patches: tuple[int, ...] = (4096, 2560, 1152, 1280)
    columns: tuple[tuple[int, ...], ...] = (
        (*range(3, 18), *range(27, 37)),
        (*range(3), *range(27, 30), 37, 38),
        (*range(18, 21), *range(27, 30)),
        (*range(24, 27), *range(27, 30)),
    )
    queries: int = 16
    tints: int = 8


@dataclass(frozen=True)
class ModelConfig:
    """A whole model.

    Attributes:
        name: the preset's name.
        encoder: 2D side.
        decoder: 3D side.
        head: from latents to Gaussians.
        low_rank: global estimate, or None as in the paper.
        pixel_aligned: the look back at the picture after it, or None as in the paper.
        sharpening: SHP-CNN, or None.
    """

    name: str
    encoder: EncoderConfig
    decoder: DecoderConfig
    head: GaussianHeadConfig
    low_rank: LowRankConfig | None = None
    pixel_aligned: PixelAlignedConfig | None = None
    sharpening: SharpeningConfig | None = None

    @property
    def image_size(self) -> int:
        """Edge in pixels of the crops that the model reads."""
        return self.encoder.image_size

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the checkpoint's metadata."""
        return asdict(self)


DINOV2_GIANT = BackboneConfig("dinov2-giant", 1536, (9, 19, 29, 39), depth=40, swiglu=True)
DINOV2_SMALL = BackboneConfig("dinov2-small", 384, (2, 5, 8, 11))
# DINOv2's layout, fine-tuned for saliency: its last layers have drifted (our choice of blocks).
FOCUS_SMALL = BackboneConfig("focus-small", 384, (3, 5, 7, 9))

_PAPER = ModelConfig(
    name="paper",
    encoder=EncoderConfig(518, DINOV2_GIANT, VitConfig(), hidden=1024),
    decoder=DecoderConfig(),
    head=GaussianHeadConfig(),
    sharpening=SharpeningConfig(),
)
_LIGHT = replace(_PAPER, name="light", decoder=replace(_PAPER.decoder, layers=4), sharpening=None)
_EMBEDDED = ModelConfig(
    name="embedded",
    encoder=EncoderConfig(280, FOCUS_SMALL, VitConfig(), hidden=512),
    # Small (our choice): on two cores, all patches are decoded within 0.15 s of every stroke.
    decoder=DecoderConfig(width=256, layers=2, heads=4, mlp_ratio=2),
    head=GaussianHeadConfig(
        s_init=0.25,
        scale_bias=-0.87,
        scale_prior="spacing",
        scale_max=0.006,
        opacity_bias=2.5,
        per_anchor=True,
    ),
    low_rank=LowRankConfig(),
    pixel_aligned=PixelAlignedConfig(),
)

PRESETS: dict[str, ModelConfig] = {
    "paper": _PAPER,
    "light": _LIGHT,
    "light-s": replace(
        _LIGHT, name="light-s", encoder=replace(_LIGHT.encoder, backbone=DINOV2_SMALL)
    ),
    "embedded": _EMBEDDED,
}


def preset_config(name: str) -> ModelConfig:
    """The configuration of a preset.

    Raises:
        UsageError: there is no preset of that name.
    """
    if name not in PRESETS:
        raise UsageError(f"There is no preset {name!r}: choose one of {', '.join(PRESETS)}.")
    return PRESETS[name]
