"""What the embedded weights are to reach on the held-out synthetic set."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """One goal.

    Attributes:
        name: what it is about.
        path: keys that lead to the figure in the evaluation's JSON.
        limit: the figure to reach.
        at_least: whether more is better.
    """

    name: str
    path: tuple[str, ...]
    limit: float
    at_least: bool

    def found(self, report: dict[str, Any]) -> float | None:
        """The figure in a report, or None where it was not measured."""
        value: Any = report
        for key in self.path:
            value = value.get(key) if isinstance(value, dict) else None
        return None if value is None else float(value)

    def reached(self, report: dict[str, Any]) -> bool | None:
        """Whether a report reaches it; None where it was not measured."""
        value = self.found(report)
        if value is None:
            return None
        return value >= self.limit if self.at_least else value <= self.limit


def _score(name: str, task: str, metric: str, limit: float, at_least: bool = True) -> Target:
    return Target(name, ("scores", task, metric, "mean"), limit, at_least)


MODEL_TARGETS = (
    _score("PSNR dB, novel views", "novel", "psnr", 19.0),
    _score("PSNR dB, extreme views", "extreme", "psnr", 18.0),
    _score("mask IoU, novel views", "novel", "mask-iou", 0.93),
    _score("mask IoU, extreme views", "extreme", "mask-iou", 0.93),
    Target("hair anchors, mm", ("anchors", "hair_mm"), 8.0, False),
    Target("face anchors, mm", ("anchors", "face_mm"), 3.5, False),
    Target("colour L1", ("anchors", "colour"), 0.05, False),
    Target("identity distance, novel to extreme", ("drops", "dlib"), 0.10, False),
)

CEILING_TARGETS = (
    _score("PSNR dB of exact targets, novel views", "novel", "psnr", 22.0),
    _score("PSNR dB of exact targets, extreme views", "extreme", "psnr", 22.0),
)
