"""What this computer can do, and why not more: the facts behind `perchead doctor`."""

import hashlib
import importlib.metadata
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inference.model.config import ModelConfig

GIB = 1024**3

NEEDED_RESOURCES = (
    "template.npz",
    "models/embedded.safetensors",
    "models/parser.safetensors",
    "networks/vit_s14.safetensors",
    "networks/face_detection_short_range.tflite",
    "networks/face_landmark.tflite",
    "networks/selfie_segmentation.tflite",
)
"""What heads and face maps are made with, below resources/."""

MISSING = "missing"


@dataclass(frozen=True)
class Fact:
    """One line of the diagnosis.

    Attributes:
        section: what it belongs to, for example "drawing".
        name: what was looked at.
        value: what was found.
        why: why it is not more, or what helps; empty when there is nothing to say.
    """

    section: str
    name: str
    value: str
    why: str = ""


@dataclass(frozen=True)
class Cuda:
    """The GPU that torch sees.

    Attributes:
        name: the device's, or empty.
        memory_gib: its memory.
        why_not: why there is none, else empty.
    """

    name: str
    memory_gib: float
    why_not: str


def diagnose() -> list[Fact]:
    """Look at everything; takes some seconds, because torch is imported."""
    cuda, resources = look_for_cuda(), resource_facts()
    complete = all(fact.value != MISSING for fact in resources)
    return [
        *computer_facts(),
        *torch_facts(cuda),
        *drawing_facts(cuda),
        *preset_facts(cuda, complete),
        *format_facts(),
        *resources,
        *cache_facts(),
    ]


def computer_facts() -> list[Fact]:
    """Python, system, cores, memory."""
    import psutil

    from inference.rendering.portable.team import usable_cores

    memory = psutil.virtual_memory()
    usable = usable_cores()
    return [
        Fact("computer", "Python", f"{platform.python_version()} ({sys.executable})"),
        Fact(
            "computer", "system", f"{platform.system()} {platform.release()} {platform.machine()}"
        ),
        Fact(
            "computer",
            "cores",
            f"{usable} usable of {os.cpu_count()}",
            "" if usable >= 2 else "an orbit at 30 pictures a second wants two",
        ),
        Fact(
            "computer",
            "memory",
            f"{memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB free",
            "" if memory.available > 2.5 * GIB else "close something: a head takes up to 2.5 GiB",
        ),
    ]


def look_for_cuda() -> Cuda:
    """Whether torch can compute on an NVIDIA GPU."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return Cuda("", 0, f"torch does not load ({_sentence(error)}): install PercHead again")
    if torch.version.cuda is None:
        return Cuda("", 0, f"torch {torch.__version__} is a build without it")
    if not torch.cuda.is_available():
        return Cuda("", 0, "no NVIDIA GPU or driver was found")
    device = torch.cuda.get_device_properties(0)
    return Cuda(device.name, device.total_memory / GIB, "")


def torch_facts(cuda: Cuda) -> list[Fact]:
    """The build of torch and what it computes on."""
    name = f"{cuda.name}, {cuda.memory_gib:.0f} GiB" if cuda.name else "none"
    facts = [Fact("networks", "CUDA", name, cuda.why_not)]
    try:
        import torch
    except (ImportError, OSError):
        return facts
    build = f"{torch.__version__}, {torch.get_num_threads()} threads"
    return [Fact("networks", "torch", build), *facts]


def drawing_facts(cuda: Cuda) -> list[Fact]:
    """Which renderer draws, and what was not taken and why."""
    from inference.display import has_display
    from inference.rendering.selection import choose_renderer, renderer_options

    display = has_display()
    return [
        Fact("drawing", "renderer", choose_renderer().name),
        *(
            Fact(
                "drawing",
                option.name,
                "yes" if option.usable else "no",
                # Without CUDA it helps nobody to hear which package is missing.
                (option.name == "gsplat" and cuda.why_not) or option.reason,
            )
            for option in renderer_options()
        ),
        Fact(
            "drawing",
            "display",
            "yes" if display else "no",
            "" if display else "no window opens; the command line does the same job to files",
        ),
    ]


def preset_facts(cuda: Cuda, complete: bool) -> list[Fact]:
    """Which model configurations this computer can run, and where.

    Args:
        cuda: its GPU.
        complete: whether all resources are there.
    """
    from inference.model.config import PRESETS

    shipped = "its weights are shipped" if complete else "see resources below"
    return [
        Fact("presets", name, "yes" if complete else "no", shipped)
        if name == "embedded"
        else _large_preset_fact(config, cuda)
        for name, config in PRESETS.items()
    ]


def _large_preset_fact(config: "ModelConfig", cuda: Cuda) -> Fact:
    """Where a preset that needs a published backbone and a checkpoint would run."""
    from inference.catalogue.locate import published_folder
    from inference.device import choose_device
    from inference.errors import InvalidModelError
    from inference.memory import available_memory_bytes
    from inference.model.gpu_memory import gpu_bytes
    from inference.model.measuring import needed_memory

    backbone = config.encoder.backbone.name
    try:
        published_folder(backbone)
        wants = "with a checkpoint of yours"
    except InvalidModelError as error:
        wants = f"with a checkpoint of yours; {str(error)[0].lower()}{str(error)[1:-1]}"
    needed = needed_memory(config)
    device = choose_device(config)
    if device.name != "cpu":
        takes = gpu_bytes(config, device.precision, device.streamed) / 1e9
        streamed = ", streamed" if device.streamed else ""
        where = f"on {cuda.name} in {device.precision}{streamed}, {takes:.1f} GB of its memory"
        return Fact("presets", config.name, "yes", f"{where}; {wants}")
    if needed > available_memory_bytes():
        why = f"takes {needed / 1e9:.1f} GB of memory, which are not free; no GPU: {device.why}"
        return Fact("presets", config.name, "no", why)
    return Fact("presets", config.name, "slowly", f"on the processor: {device.why}; {wants}")


def format_facts() -> list[Fact]:
    """What can be read and written."""
    from PIL import features

    try:
        import av

        mp4 = f"PyAV {av.__version__}" if "libx264" in av.codecs_available else ""
        why_not_mp4 = "" if mp4 else "this build of PyAV has no libx264"
    except (ImportError, OSError) as error:
        mp4, why_not_mp4 = "", f"PyAV does not load ({_sentence(error)})"
    heic = _version("pillow-heif")
    avif = features.check("avif")
    return [
        Fact("files", "writes MP4", mp4 or "no", why_not_mp4),
        Fact("files", "reads HEIC", heic or "no", "" if heic else "install pillow-heif"),
        Fact(
            "files", "reads AVIF", "yes" if avif else "no", "" if avif else "Pillow has no libavif"
        ),
    ]


def resource_facts() -> list[Fact]:
    """The shipped data with the start of each file's SHA-256."""
    from inference.errors import InvalidModelError
    from inference.files import resource_path

    facts = []
    for name in NEEDED_RESOURCES:
        try:
            path = resource_path(name)
        except InvalidModelError:
            facts.append(Fact("resources", name, MISSING, "install PercHead again"))
            continue
        size = path.stat().st_size / 1e6
        facts.append(Fact("resources", name, f"{size:.1f} MB, sha256 {_sha256(path)[:16]}"))
    return facts


def cache_facts() -> list[Fact]:
    """Whether compiled kernels can be kept."""
    from inference.rendering.portable.jit import cache_folder

    folder = cache_folder()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    writable = os.access(existing, os.W_OK)
    why = "" if writable else "the renderer is compiled again at each start"
    return [Fact("cache", str(folder), "writable" if writable else "not writable", why)]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _sha256(path: Path) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _sentence(error: BaseException) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
