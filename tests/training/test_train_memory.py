"""The arithmetic of training memory against what autograd really keeps."""

from dataclasses import replace

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from inference.features.vit import VisionTransformer
from inference.features.vit import VitConfig as FrozenConfig
from inference.model.config import FOCUS_SMALL, DecoderConfig, EncoderConfig, ModelConfig, VitConfig
from inference.model.config import GaussianHeadConfig as HeadConfig
from inference.model.reconstruction import ReconstructionModel
from training.activations import FULL, HALF, frozen_block_bytes, layer_bytes
from training.losses.frozen import checkpoint_blocks
from training.memory import GIB, Setting, largest_batch, model_activations, training_memory
from training.runs.start import model_config

TINY = ModelConfig(
    "tiny",
    EncoderConfig(140, replace(FOCUS_SMALL, width=48), VitConfig(32, 2, 2), hidden=64),
    DecoderConfig(width=64, layers=3, heads=4, patches=128),
    HeadConfig(),
)


def kept_bytes(compute, modules, half):
    """Bytes of all storages that the forward pass keeps, without parameters and buffers."""
    constant = {
        tensor.untyped_storage().data_ptr()
        for module in modules
        for tensor in (*module.parameters(), *module.buffers())
    }
    kept, alive = {}, []

    def pack(tensor):
        storage = tensor.untyped_storage()
        alive.append(tensor)  # so that no address is used twice
        if storage.data_ptr() not in constant:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    hooks = saved_tensors_hooks(pack, lambda tensor: tensor)
    with hooks, torch.autocast("cpu", torch.bfloat16, enabled=half):
        result = compute()
    del result
    return sum(kept.values())


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("recompute", [False, True])
def test_the_model_keeps_what_the_arithmetic_says(half, recompute):
    torch.manual_seed(0)
    model = ReconstructionModel(TINY, torch.rand(128, 16, 3), None)
    model.decoder.recompute = recompute
    batch, tokens = 2, 70
    features = torch.rand(batch, 100, 48 * 4)
    images = torch.rand(batch, 3, 140, 140)
    kept = (torch.arange(100) < tokens).expand(batch, -1)

    def forward():
        return model.decode(model.encoder.from_features(features, images, kept))

    measured = kept_bytes(forward, [model], half)
    if half:
        # Copies of the weights in bfloat16 have a line of their own in the table.
        matrices = [p for p in model.parameters() if p.ndim == 2 and p is not model.template.query]
        decoder = {id(p) for p in model.decoder.parameters()} if recompute else set()
        measured -= sum(2 * p.numel() for p in matrices if id(p) not in decoder)
    setting = Setting(
        batch, foreground=0.7, compute=HALF if half else FULL, recompute_decoder=recompute
    )
    assert model_activations(TINY, setting) == pytest.approx(measured, rel=0.1)


@pytest.mark.parametrize("recompute", [False, True])
def test_a_frozen_network_keeps_what_the_arithmetic_says(recompute):
    network = VisionTransformer(FrozenConfig(64, 3, 2, 4.0, 14, 10)).requires_grad_(False).eval()
    if recompute:
        checkpoint_blocks(network.blocks)
    images = torch.rand(2, 3, 140, 140, requires_grad=True)
    tokens = 2 * 101
    measured = kept_bytes(lambda: network(images, (2,)), [network], half=False)
    # The normalised picture and the closing norm are no blocks.
    measured -= images.numel() * FULL + tokens * 66 * FULL
    block = tokens * 64 * FULL if recompute else frozen_block_bytes(tokens, 64, 2, FULL)
    assert 3 * block == pytest.approx(measured, rel=0.1)


def test_the_paper_preset_fits_the_paper_s_card():
    config, setting = model_config("paper"), Setting(batch=2)
    assert sum(size for _, size in training_memory(config, setting)) < 24 * GIB
    assert largest_batch(config, setting) >= 4
    plain = replace(setting, recompute_decoder=False, recompute_loss=False)
    assert 1 <= largest_batch(config, plain) < largest_batch(config, setting)


def test_recomputing_keeps_less_than_the_layers_themselves():
    decoder = DecoderConfig()
    rows, tokens = 2 * 4096, 2 * 958
    kept = [
        model_activations(model_config("paper"), Setting(2, recompute_decoder=again))
        for again in (False, True)
    ]
    saved = kept[0] - kept[1]
    assert saved == pytest.approx(
        10 * (layer_bytes(decoder, rows, tokens, HALF) - 4 * rows * 1024), rel=0.1
    )
