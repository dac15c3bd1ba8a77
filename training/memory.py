"""What training a preset takes on the graphics card.

    python -m training.memory --preset paper

Prints a table and writes nothing. Arithmetic, not a measurement: weights, gradients, AdamW, the
average, and the activations of training.activations. What CUDA and gsplat take is an allowance.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inference.model.config import ModelConfig
from inference.model.cost import model_cost
from training.activations import (
    FULL,
    HALF,
    decoder_bytes,
    encoder_bytes,
    frozen_block_bytes,
    head_bytes,
    layer_bytes,
    template_bytes,
)
from training.config import RECONSTRUCTION, ReconstructionConfig
from training.runs.command_line import command_parser
from training.runs.options import run_script
from training.runs.start import model_config

GIB = 2**30
CARD_GIB = 24.0
"""The paper's RTX 3090 (appendix E)."""
CONTEXT = 0.8 * GIB
"""CUDA context, cuBLAS and cuDNN workspaces (allowance)."""
SLACK = 0.1
"""Share of everything else that the allocator leaves in gaps (allowance)."""
GSPLAT_PICTURE = 48 * 2**20
"""Projected Gaussians, tile lists and planes of a 512 px picture (allowance)."""

_DINO_SMALL = (12, 384, 6, 504 // 14)  # blocks, width, heads, patches along an edge
_DINO_READ = 11  # the deepest block that equation 4 reads
_SAM_SMALL = ((1, 96, 1, 256), (2, 192, 2, 128), (11, 384, 4, 64), (2, 768, 8, 32))  # a stage each
LOSS_PARAMETERS = 67_000_000
"""Both loss networks together (section 3.3)."""


@dataclass(frozen=True)
class Setting:
    """What memory depends on beside the model.

    Attributes:
        batch: heads per micro-batch.
        views: targets of each (section 3.2: 3).
        foreground: share of the input's patches that are kept (section 3.1: about 0.7).
        compute: FULL or HALF, bytes of a number in matrix products.
        recompute_decoder: gradient checkpointing of the decoder.
        recompute_loss: gradient checkpointing of the loss networks.
    """

    batch: int
    views: int = 3
    foreground: float = 0.7
    compute: int = HALF
    recompute_decoder: bool = True
    recompute_loss: bool = True

    @classmethod
    def of(cls, config: ReconstructionConfig) -> "Setting":
        """As a training configuration says."""
        return cls(
            config.loop.batch,
            compute=FULL if config.loop.precision == "fp32" else HALF,
            recompute_decoder=config.recompute_decoder,
            recompute_loss=config.recompute_loss,
        )


def model_activations(config: ModelConfig, setting: Setting) -> int:
    """Bytes kept by the forward pass of the model: encoder, template, decoder, head.

    The low-rank branch of the embedded preset is left out; it is small.
    """
    decoder, head = config.decoder, config.head
    tokens = setting.batch * round(setting.foreground * config.encoder.grid**2)
    rows = setting.batch * decoder.patches
    compute = setting.compute
    return (
        encoder_bytes(config.encoder, tokens, decoder.width, compute)
        + template_bytes(decoder, head.per_patch, compute)
        + decoder_bytes(decoder, rows, tokens, compute, setting.recompute_decoder)
        + head_bytes(head, rows, decoder.width, compute)
    )


def dino_activations(pictures: int, setting: Setting) -> int:
    """Bytes that the DINOv2 loss keeps: all blocks, or their inputs and one block."""
    _, width, heads, grid = _DINO_SMALL
    tokens = pictures * (1 + grid**2)
    block = frozen_block_bytes(tokens, width, heads, setting.compute)
    if not setting.recompute_loss:
        return _DINO_READ * block
    return _DINO_READ * FULL * tokens * width + block


def sam_activations(pictures: int, setting: Setting) -> int:
    """Bytes that the SAM 2.1 loss keeps at 1024 px."""
    every, inputs, largest = 0, 0, 0
    for blocks, width, heads, grid in _SAM_SMALL:
        tokens = pictures * grid**2
        block = frozen_block_bytes(tokens, width, heads, setting.compute)
        every += blocks * block
        inputs += blocks * FULL * tokens * width
        largest = max(largest, block)
    return inputs + largest if setting.recompute_loss else every


def training_memory(config: ModelConfig, setting: Setting) -> list[tuple[str, float]]:
    """What lies on the card at the peak of a step, part by part, in bytes."""
    costs = {part.name: part.parameters for part in model_cost(config)}
    backbone = next(iter(costs.values()))
    everything = sum(costs.values()) - backbone
    trained = everything - costs.get("sharpening CNN", 0)
    pictures = setting.batch * setting.views
    parts: list[tuple[str, float]] = [
        (f"frozen {config.encoder.backbone.name}, bfloat16", HALF * backbone),
        ("weights, float32", FULL * everything),
        ("gradients", FULL * trained),
        ("AdamW's two moments", 2 * FULL * trained),
        ("averaged weights", FULL * everything),
    ]
    if setting.compute == HALF:
        parts.append(("bfloat16 copies of the weights", HALF * (trained + LOSS_PARAMETERS)))
    parts.append(("activations of the model", model_activations(config, setting)))
    if setting.recompute_decoder:
        rows = setting.batch * config.decoder.patches
        tokens = setting.batch * round(setting.foreground * config.encoder.grid**2)
        again = layer_bytes(config.decoder, rows, tokens, setting.compute)
        parts.append(("one decoder layer again", again))
    # Prediction and truth, at the size of the loss and as SAM reads them.
    planes = 2 * pictures * 3 * FULL * (512**2 + 1024**2)
    parts += [
        ("loss networks, float32", FULL * LOSS_PARAMETERS),
        ("activations of DINOv2 small", dino_activations(pictures, setting)),
        ("activations of SAM 2.1 small", sam_activations(pictures, setting)),
        ("pictures", planes),
        ("gsplat (allowance)", pictures * GSPLAT_PICTURE),
    ]
    parts.append(("gaps of the allocator (allowance)", SLACK * sum(size for _, size in parts)))
    parts.append(("CUDA (allowance)", CONTEXT))
    return parts


def largest_batch(config: ModelConfig, setting: Setting, card_gib: float = CARD_GIB) -> int:
    """The most heads per micro-batch that fit a card; 0 where not even one does."""
    batch = 0
    while _total(config, replace(setting, batch=batch + 1)) <= card_gib * GIB:
        batch += 1
    return batch


def _total(config: ModelConfig, setting: Setting) -> float:
    return sum(size for _, size in training_memory(config, setting))


def memory_table(config: ModelConfig, setting: Setting) -> str:
    """For people."""
    lines = [
        f"{config.name}: {setting.batch} heads of {setting.views} targets, "
        f"{'bf16' if setting.compute == HALF else 'fp32'}, decoder "
        f"{'recomputed' if setting.recompute_decoder else 'kept'}, losses "
        f"{'recomputed' if setting.recompute_loss else 'kept'}"
    ]
    lines += [
        f"{name:<38}{size / GIB:>8.2f} GiB" for name, size in training_memory(config, setting)
    ]
    lines.append(f"{'in all':<38}{_total(config, setting) / GIB:>8.2f} GiB")
    lines.append(f"heads per micro-batch on {CARD_GIB:g} GiB: {largest_batch(config, setting)}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = command_parser("training.memory", __doc__)
    parser.add_argument("--preset", choices=["paper", "light", "light-s"], default="paper")
    parser.add_argument("--batch", type=int, help="heads per micro-batch")
    parser.add_argument("--precision", choices=["bf16", "fp32"], help="of matrix products")
    yes_or_no = argparse.BooleanOptionalAction
    parser.add_argument("--recompute-decoder", action=yes_or_no, help="spare memory")
    parser.add_argument("--recompute-loss", action=yes_or_no, help="spare memory")
    options = parser.parse_args(arguments)
    default = Setting.of(RECONSTRUCTION[options.preset])
    chosen = {
        name: getattr(options, name)
        for name in ("batch", "recompute_decoder", "recompute_loss")
        if getattr(options, name) is not None
    }
    if options.precision:
        chosen["compute"] = FULL if options.precision == "fp32" else HALF
    print(memory_table(model_config(options.preset), replace(default, **chosen)))


if __name__ == "__main__":
    run_script(main)
