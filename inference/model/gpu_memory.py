"""How much GPU memory a preset takes, counted from its configuration.

Beside the paper's appendix C.6 (allocated memory in float32 on an RTX 3090): 5.3 GB for DINOv2-g,
2.6 GB for the 3D model and 6.1 GB for the sharpening of its batch; half precision of the frozen
network alone brings the whole preset under 8 GB.
"""

from dataclasses import dataclass

from inference.device import Precision
from inference.model.config import ModelConfig
from inference.model.cost import PICTURE_SIZE, model_cost

MIB = 2**20
CUDA_BYTES = 512 * MIB
"""What the CUDA context and the libraries' workspaces take before anything is computed."""

_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
_SPLATTING = 128 * MIB
"""65,536 projected Gaussians and their tile lists at 1024 px, generously."""


@dataclass(frozen=True)
class MemoryPart:
    """One line of the sum.

    Attributes:
        name: what takes it.
        bytes: how much.
    """

    name: str
    bytes: int


def gpu_memory(
    config: ModelConfig, precision: Precision, streamed: bool = False
) -> list[MemoryPart]:
    """What one portrait takes of a GPU's memory.

    Args:
        config: the preset.
        precision: of the frozen network's weights and of the large products.
        streamed: the frozen network's blocks stay in the computer's memory and come one by one.
    """
    encoder, decoder = config.encoder, config.decoder
    size, width = _BYTES[precision], encoder.backbone.width
    frozen, *trained = model_cost(config)
    weights = size * frozen.parameters
    if streamed:  # the one that computes and the one that is on its way
        weights = 2 * weights // encoder.backbone.depth
    parameters = sum(part.parameters for part in trained)
    tokens = 1 + encoder.grid**2
    features = 4 * tokens * width * len(encoder.backbone.layers)
    # A block holds its state, what it adds, queries, keys, values and an MLP's hidden states.
    block = size * tokens * width * (5 + 2 * 4)
    layer = decoder.patches * decoder.width * (4 * 4 + 2 * size * decoder.mlp_ratio)
    picture = 0
    if config.sharpening:
        picture = 8 * 4 * config.sharpening.width * PICTURE_SIZE**2 // config.sharpening.fold**2
    parts = [
        MemoryPart("frozen network" + (", two blocks of it" if streamed else ""), weights),
        MemoryPart("trained weights", 4 * parameters),
        MemoryPart("their half-precision copies", 0 if size == 4 else size * parameters),
        MemoryPart("states at their largest", 2 * features + max(block, layer, picture)),
        MemoryPart("splatting", _SPLATTING),
        MemoryPart("CUDA itself", CUDA_BYTES),
    ]
    return [part for part in parts if part.bytes]


def gpu_bytes(config: ModelConfig, precision: Precision, streamed: bool = False) -> int:
    """The sum of gpu_memory."""
    return sum(part.bytes for part in gpu_memory(config, precision, streamed))


def memory_lines(config: ModelConfig) -> str:
    """The sum in each way that a preset can be run on a GPU, for people."""
    ways: list[tuple[str, Precision, bool]] = [
        ("float32", "float32", False),
        ("half precision", "bfloat16", False),
        ("half precision, streamed", "bfloat16", True),
    ]
    lines = ["GPU memory in GB for one portrait"]
    for name, precision, streamed in ways:
        parts = gpu_memory(config, precision, streamed)
        total = sum(part.bytes for part in parts)
        terms = " + ".join(f"{part.bytes / 1e9:.2f} {part.name}" for part in parts)
        lines.append(f"  {name}: {total / 1e9:.1f} = {terms}")
    return "\n".join(lines)
