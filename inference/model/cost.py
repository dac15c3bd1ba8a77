"""What a preset costs: parameters, memory of its weights and operations per portrait.

How it agrees with the paper's appendix C.6 (allocated GPU memory, context and activations
included): DINOv2-g is 1.1 G parameters, 4.2 GiB in float32, of its 5.3 GB; the six decoder
layers that tell its full model from the light one are 76 M parameters, 0.3 GB, of the 0.5 GB
between 2.6 and 2.1 GB. The rest of those figures is activations and the CUDA context, which
the 0.5 GB of DINOv2-s (22 M parameters, 0.09 GB) shows.
"""

from dataclasses import dataclass

from inference.model.config import (
    BackboneConfig,
    DecoderConfig,
    ModelConfig,
    PixelAlignedConfig,
    SharpeningConfig,
    VitConfig,
)
from inference.model.patch_evidence import evidence_width
from inference.model.patch_refinement import CANDIDATES, judged_width
from inference.model.pixel_aligned import POSE, sampled_channels
from inference.model.pooling import pooled_width

PICTURE_SIZE = 512
"""Edge in pixels of the picture that is drawn and sharpened, as in table 5."""


@dataclass(frozen=True)
class PartCost:
    """The cost of one part for one portrait.

    Attributes:
        name: the part.
        parameters: number of weights.
        flop: multiply-adds of its matrix products counted as two; element-wise work, which
            is below two per cent, is left out.
    """

    name: str
    parameters: int
    flop: int

    @property
    def weight_bytes(self) -> int:
        """Size of the weights in float32."""
        return 4 * self.parameters


def _linear(inputs: int, outputs: int, rows: int, bias: bool = True) -> tuple[int, int]:
    return inputs * outputs + bias * outputs, 2 * rows * inputs * outputs


def _total(*parts: tuple[int, int]) -> tuple[int, int]:
    return sum(part[0] for part in parts), sum(part[1] for part in parts)


def _attention(width: int, rows: int, keys: int) -> tuple[int, int]:
    products = (0, 4 * rows * keys * width)
    return _total(
        _linear(width, width, rows),
        _linear(width, 2 * width, keys),
        _linear(width, width, rows),
        products,
    )


def _mlp(inputs: int, hidden: int, outputs: int, rows: int) -> tuple[int, int]:
    return _total(_linear(inputs, hidden, rows), _linear(hidden, outputs, rows))


def backbone_cost(config: BackboneConfig, image_size: int) -> PartCost:
    """The frozen DINOv2 network over all blocks up to the last that is read."""
    width, grid = config.width, image_size // config.patch_size
    tokens = 1 + grid**2
    if config.swiglu:
        # Two thirds of 4 x width, rounded up to a multiple of 8; value and gate in one layer.
        hidden = (int(4 * width * 2 / 3) + 7) // 8 * 8
        feed = _total(_linear(width, 2 * hidden, tokens), _linear(hidden, width, tokens))
    else:
        feed = _mlp(width, 4 * width, width, tokens)
    norms_and_scales = (4 * width + 2 * width, 0)
    block = _total(_attention(width, tokens, tokens), feed, norms_and_scales)
    patches = _linear(3 * config.patch_size**2, width, grid**2)
    positions = 1 + (config.trained_size // config.patch_size) ** 2
    # Class token, mask token, positions and the closing norm.
    rest = (2 * width + positions * width + 2 * width, 0)
    parameters = _total(patches, rest)[0] + config.depth * block[0]
    flop = patches[1] + (max(config.layers) + 1) * block[1]
    return PartCost(f"image features ({config.name})", parameters, flop)


def vit_cost(config: VitConfig, channels: int, patch: int, tokens: int) -> tuple[int, int]:
    """Parameters and operations of the trained ViT branch."""
    width = config.width
    block = _total(
        _attention(width, tokens, tokens),
        _mlp(width, config.mlp_ratio * width, width, tokens),
        (4 * width, 0),
    )
    return _total(
        _linear(channels * patch**2, width, tokens), (2 * width, 0), *[block] * config.layers
    )


def decoder_cost(config: DecoderConfig, rows: int, tokens: int) -> tuple[int, int]:
    """Parameters and operations of the cross-attention layers and their closing norm."""
    width = config.width
    layer = _total(
        _attention(width, rows, tokens),
        _mlp(width, config.mlp_ratio * width, width, rows),
        (4 * width, 0),
    )
    return _total((2 * width, 0), *[layer] * config.layers)


def _sharpening_cost(config: SharpeningConfig, size: int) -> tuple[int, int]:
    def convolution(inputs: int, outputs: int, edge: int) -> tuple[int, int]:
        return _linear(9 * inputs, outputs, edge**2)

    widths = [config.width * 2**level for level in range(config.levels)]
    padded = -(-size // config.step) * config.step
    edges = [padded // config.fold // 2**level for level in range(config.levels)]
    area = config.fold**2
    parts = [_linear(widths[0] + 6 * area, 3 * area, edges[0] ** 2, bias=False)]
    for inputs, width, edge in zip([6 * area, *widths], widths, edges, strict=False):
        parts += [convolution(inputs, width, edge), convolution(width, width, edge)]
    for deep, width, edge in zip(widths[1:], widths[:-1], edges[:-1], strict=True):
        parts += [convolution(deep + width, width, edge), convolution(width, width, edge)]
    return _total(*parts)


def model_cost(
    config: ModelConfig, foreground: float = 1.0, render_size: int = PICTURE_SIZE
) -> list[PartCost]:
    """The cost of every part of a preset for one portrait.

    Args:
        config: the preset.
        foreground: share of the picture's patches that are kept (the paper: about 0.7).
        render_size: edge in pixels of the picture that the sharpening CNN reads.
    """
    encoder, decoder, head = config.encoder, config.decoder, config.head
    grid, width, per_patch = encoder.grid, decoder.width, head.per_patch
    tokens = max(1, round(foreground * grid**2))
    fused = encoder.backbone.width * len(encoder.backbone.layers) + encoder.vit.width
    trained = _total(
        vit_cost(encoder.vit, 3, encoder.backbone.patch_size, tokens),
        _mlp(fused, encoder.hidden, width, tokens),
        (2 * width, 0),
    )
    code = 3 + 3 * per_patch + 6 * decoder.frequencies
    template = _total(_mlp(code, width, width, decoder.patches), (decoder.patches * width, 0))
    queries = config.low_rank.queries if config.low_rank else 0
    gaussians = decoder.patches * per_patch
    attributes = (_linear(width // per_patch, count, gaussians) for count in (3, 3, 4, 1, 3))
    parts = [
        ("2D encoder", trained),
        (
            "3D decoder",
            _total(template, decoder_cost(decoder, decoder.patches + queries, tokens)),
        ),
        ("Gaussian head", _total(*attributes)),
    ]
    if config.low_rank:
        branch = config.low_rank
        count, pooled = sum(branch.counts), pooled_width(encoder, branch) + 1
        parts.append(
            (
                "low-rank branch",
                _total(
                    (queries * width, 0),
                    _linear(branch.gates * pooled, count, 1),
                    (0, 2 * pooled),
                    _linear(queries * width, count, 1),
                    (0, 2 * gaussians * 3 * count),
                ),
            )
        )
    if config.low_rank and config.pixel_aligned:
        parts.append(("look back", _look_back_cost(config, config.pixel_aligned)))
    if config.sharpening:
        parts.append(("sharpening CNN", _sharpening_cost(config.sharpening, render_size)))
    costs = [PartCost(name, *cost) for name, cost in parts]
    return [backbone_cost(encoder.backbone, encoder.image_size), *costs]


def _look_back_cost(config: ModelConfig, aligned: PixelAlignedConfig) -> tuple[int, int]:
    """The pixel-aligned branch: a closed form, and the networks that mend patches."""
    branch = config.low_rank
    assert branch is not None
    pooled = pooled_width(config.encoder, branch) + 1
    read = aligned.probes * sampled_channels(aligned, branch)
    missing = branch.regions * aligned.shape
    maps = branch.gates * pooled * POSE + read * (aligned.rounds * POSE + missing)
    # Every anchor is placed for what it hides, and then with its mirror image; the probes before
    # and after they move.
    patches, per_patch = config.decoder.patches, config.head.per_patch
    counts = sum(branch.counts)
    spread = patches * per_patch * (2 * counts + 3 * missing) + aligned.probes * (counts + missing)
    evidence = evidence_width(aligned, branch, per_patch)
    judged = evidence + judged_width(branch, per_patch)
    width, outputs = aligned.refined, (3 + CANDIDATES + 3) * per_patch
    weights = (evidence + judged + 4 * width + outputs) * width
    # In the camera's axes: each anchor and the way it goes, all depths twice or thrice.
    turned = patches * (per_patch * (9 + 9 + 3 + 2 * 3) + 3 * 9 + 2 * 3)
    parameters = weights + 6 * width + outputs
    return parameters, 2 * (maps + 3 * spread + patches * weights + turned)


def cost_table(config: ModelConfig) -> str:
    """The cost of a preset as lines for people (perchead doctor --model PRESET)."""
    parts = model_cost(config)
    total = PartCost("in all", sum(p.parameters for p in parts), sum(p.flop for p in parts))
    lines = [f"{'part':<30}{'M parameters':>14}{'MB (float32)':>14}{'GFLOP':>10}"]
    lines += [
        f"{part.name:<30}{part.parameters / 1e6:>14.2f}"
        f"{part.weight_bytes / 1e6:>14.1f}{part.flop / 1e9:>10.1f}"
        for part in (*parts, total)
    ]
    return "\n".join(lines)
