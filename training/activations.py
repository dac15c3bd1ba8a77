"""Bytes that autograd keeps for the backward pass, by arithmetic.

Counted is what torch saves: the input of every linear layer with trained weights, the input and
statistics of every LayerNorm (float32, also under autocast), queries, keys, values and output of
attention, the input of GELU. Tests hold it to what saved_tensors_hooks counts.
"""

from inference.model.config import DecoderConfig, EncoderConfig, GaussianHeadConfig, VitConfig

FULL, HALF = 4, 2
"""Bytes of a number that a matrix product reads: float32, or bfloat16 under autocast."""


def _norm(rows: int, width: int) -> int:
    return FULL * rows * (width + 2)


def layer_bytes(config: DecoderConfig, rows: int, tokens: int, compute: int) -> int:
    """One decoder layer, equation 2.

    Args:
        config: the decoder.
        rows: patch latents in all, batch times patches.
        tokens: image tokens in all.
        compute: FULL or HALF.
    """
    width, hidden = config.width, config.mlp_ratio * config.width
    attention = compute * (3 * rows * width + 2 * tokens * width) + FULL * rows * config.heads
    # Under autocast every layer makes its own copy of the tokens that all share.
    copies = compute * tokens * width if compute == HALF else 0
    feed = compute * rows * (width + 2 * hidden)
    return 2 * _norm(rows, width) + attention + copies + feed


def decoder_bytes(
    config: DecoderConfig, rows: int, tokens: int, compute: int, recompute: bool
) -> int:
    """All layers and the closing norm.

    With `recompute` only each layer's input is kept, which is what is measured in the forward
    pass; in the backward pass one layer at a time comes on top (layer_bytes).
    """
    shared = FULL * tokens * config.width
    last = _norm(rows, config.width)
    if recompute:
        return config.layers * FULL * rows * config.width + shared + last
    layers = config.layers * layer_bytes(config, rows, tokens, compute)
    return layers + last + (shared if compute == FULL else 0)


def template_bytes(config: DecoderConfig, per_patch: int, compute: int) -> int:
    """The MLP over the anchors' places, once for the whole batch."""
    code = 3 + 3 * per_patch + 6 * config.frequencies
    copies = config.patches * code * compute if compute == HALF else 0
    return copies + 2 * compute * config.patches * config.width


def encoder_bytes(config: EncoderConfig, tokens: int, width: int, compute: int) -> int:
    """The trained ViT and the fusing MLP, equation 1."""
    patch = 3 * config.backbone.patch_size**2
    vit = config.vit
    blocks = vit.layers * _vit_block_bytes(vit, tokens, compute)
    fused = config.backbone.width * len(config.backbone.layers) + vit.width
    fuse = compute * tokens * (fused + 2 * config.hidden)
    closing = tokens * (compute * width + 2 * FULL)
    return compute * tokens * patch + blocks + _norm(tokens, vit.width) + fuse + closing


def _vit_block_bytes(config: VitConfig, tokens: int, compute: int) -> int:
    width, hidden = config.width, config.mlp_ratio * config.width
    attention = compute * 5 * tokens * width + FULL * tokens * config.heads
    return 2 * _norm(tokens, width) + attention + compute * tokens * (width + 2 * hidden)


def head_bytes(config: GaussianHeadConfig, rows: int, width: int, compute: int) -> int:
    """The five linear layers of section 3.1 and what turns their outputs into Gaussians."""
    gaussians = rows * config.per_patch
    inputs = compute * rows * width * (5 if compute == HALF else 1)
    # Position 3, scale 3 + 3 for its limits, rotation 4 + norm 1 + unit 4, opacity 1, colour 3.
    outputs = FULL * gaussians * (3 + 3 + 4 + 1 + 4 + 3 + 1)
    return inputs + outputs


def frozen_block_bytes(tokens: int, width: int, heads: int, compute: int, ratio: int = 4) -> int:
    """One block of a frozen ViT that the gradient passes through: its weights want no inputs."""
    attention = compute * 4 * tokens * width + FULL * tokens * heads
    return 2 * _norm(tokens, width) + attention + compute * tokens * ratio * width
