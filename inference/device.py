"""Where the networks run and in which precision; each claim about a GPU is tried, not guessed."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from inference.errors import UsageError
from inference.model.config import ModelConfig

Precision = Literal["float32", "bfloat16", "float16"]

AUTOMATIC = "auto"

_WORDS = re.compile(r"auto|cpu|cuda(:\d{1,2})?")


@dataclass(frozen=True)
class Device:
    """Where a model runs.

    Attributes:
        name: as torch calls it: "cpu", "cuda", "cuda:1".
        precision: of the frozen network's weights and of the large matrix products; what
            becomes a Gaussian stays in float32.
        streamed: whether the frozen network's blocks stay in the computer's memory and come one
            by one, because the GPU cannot hold them all.
        why: why it is not a better one, or empty.
    """

    name: str = "cpu"
    precision: Precision = "float32"
    streamed: bool = False
    why: str = ""


CPU = Device()


def check_device_words(words: str) -> str:
    """The words themselves, if they can name a device; known without loading torch.

    Raises:
        UsageError: they cannot.
    """
    if not _WORDS.fullmatch(words):
        raise UsageError("--device must be auto, cpu, cuda, or a card by its number as cuda:1.")
    return words


def choose_device(config: ModelConfig, words: str = AUTOMATIC) -> Device:
    """Where a preset shall run.

    By itself only a preset with a published backbone goes to a GPU: the embedded one takes half
    a second on any processor, which is less than CUDA takes to start.

    Args:
        config: the preset.
        words: "auto", or what the user wants: "cpu", "cuda", "cuda:N".

    Raises:
        UsageError: the user wants a GPU that does not compute, or has too little free memory.
    """
    check_device_words(words)
    if words == "cpu":
        return CPU
    if words == AUTOMATIC and config.name == "embedded":
        return Device(why="the embedded preset is done before CUDA has started")
    name = "cuda" if words == AUTOMATIC else words
    problem = cuda_problem(name)
    if not problem:
        import torch

        from inference.model.gpu_memory import gpu_bytes

        precision = gpu_precision(config, name)
        free = torch.cuda.mem_get_info(name)[0]
        streamed = fitting_way(config, precision, free)
        if streamed is not None:
            return Device(name, precision, streamed)
        needed = gpu_bytes(config, precision, streamed=True)
        problem = (
            f"the preset {config.name} takes at least {needed / 1e9:.1f} GB of GPU memory and "
            f"{free / 1e9:.1f} GB are free"
        )
    if words == AUTOMATIC:
        return Device(why=problem)
    raise UsageError(f"--device {words} cannot be used: {problem}.")


def fitting_way(config: ModelConfig, precision: Precision, free: int) -> bool | None:
    """Whether a preset has to be streamed to fit into a GPU's memory; None if not even that helps.

    Args:
        config: the preset.
        precision: in which it would run.
        free: bytes that CUDA, once started, says are free.
    """
    from inference.model.gpu_memory import CUDA_BYTES, gpu_bytes

    for streamed in (False, True):
        if gpu_bytes(config, precision, streamed) - CUDA_BYTES <= free:
            return streamed
    return None


@cache
def cuda_problem(name: str = "cuda") -> str:
    """Why torch cannot compute on this GPU, as a phrase; empty where it can."""
    import torch

    if torch.version.cuda is None:
        return f"torch {torch.__version__} is a build without CUDA"
    if not torch.cuda.is_available():
        return "no NVIDIA GPU or driver was found"
    try:
        # The driver may be there and the card too old for this build: only a product tells.
        ones = torch.ones(16, 16, device=name, dtype=torch.float16)
        right = float((ones @ ones).sum()) == 16**3
    except Exception as error:  # noqa: BLE001 - a driver or loader may fail in any way
        return f"CUDA does not compute here ({type(error).__name__}: {error})".split("\n")[0]
    return "" if right else "CUDA computes wrong numbers here"


def gpu_precision(config: ModelConfig, name: str) -> Precision:
    """Half precision for published backbones: bfloat16 where the card has it (Ampere and later)."""
    import torch

    if config.name == "embedded":
        return "float32"
    with torch.cuda.device(name):
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16" if native else "float16"
