"""All metrics by the name on the command line, and which of them this computer can measure."""

from collections.abc import Iterable
from dataclasses import dataclass

from inference.errors import UsageError
from training.evaluation.arcface_distance import ArcFaceDistance
from training.evaluation.dino_distance import DinoDistance
from training.evaluation.dlib_distance import DlibDistance
from training.evaluation.dreamsim_distance import DreamSimDistance
from training.evaluation.lpips_distance import LpipsDistance
from training.evaluation.mask_iou import MaskIou
from training.evaluation.metric import Metric, MetricFactory, MetricUnavailableError
from training.evaluation.psnr import Psnr
from training.evaluation.ssim import Ssim

METRICS: dict[str, MetricFactory] = {
    "psnr": Psnr,
    "ssim": Ssim,
    "lpips": LpipsDistance,
    "dreamsim": DreamSimDistance,
    "arcface": ArcFaceDistance,
    "dlib": DlibDistance,
    "dino": DinoDistance,
    "mask-iou": MaskIou,
}

METRIC_NAMES = {
    "psnr": Psnr.name,
    "ssim": Ssim.name,
    "lpips": LpipsDistance.name,
    "dreamsim": DreamSimDistance.name,
    "arcface": ArcFaceDistance.name,
    "dlib": DlibDistance.name,
    "dino": DinoDistance.name,
    "mask-iou": MaskIou.name,
}
"""As tables call them, also where they could not be made."""


@dataclass(frozen=True)
class MetricSet:
    """What is measured.

    Attributes:
        metrics: by the name on the command line.
        skipped: name -> why it cannot be measured here.
    """

    metrics: dict[str, Metric]
    skipped: dict[str, str]


def load_metrics(
    names: Iterable[str] | None = None, known: dict[str, MetricFactory] | None = None
) -> MetricSet:
    """Make the metrics ready; one whose package or weights are missing is skipped by name.

    Args:
        names: which; None is all.
        known: factories by name; None is METRICS.

    Raises:
        UsageError: there is no metric of that name.
    """
    known = METRICS if known is None else known
    ready: dict[str, Metric] = {}
    skipped: dict[str, str] = {}
    for name in known if names is None else names:
        if name not in known:
            raise UsageError(f"There is no metric {name!r}: choose from {', '.join(known)}.")
        try:
            ready[name] = known[name]()
        except MetricUnavailableError as error:
            skipped[name] = str(error)
    return MetricSet(ready, skipped)
