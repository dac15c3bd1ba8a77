"""Tells attributes of a head off its picture and face map: linear discriminants of the regions.

What is rare among heads counts as much as what is common: people ask for red hair more often than
they have it. Words that people do not hold apart, pale and fair skin, count as one.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.rendering.protocol import Renderer
from training.anchors.data import list_heads, read_head
from training.editing.palette import measure_palette
from training.evaluation.region_features import COLUMNS, region_features
from training.pictures.splat_pictures import draw_anchors
from training.synthetic.dataset import load_sample
from training.synthetic.style_words import head_tags

Float = NDArray[np.float32]

RIVALS: dict[str, tuple[tuple[str, ...], ...]] = {
    "hair colour": (
        ("black",),
        ("dark brown", "brown"),
        ("light brown",),
        ("blond",),
        ("red",),
        ("grey",),
        ("white",),
    ),
    "hair kind": (("straight",), ("wavy",), ("curly",)),
    "skin": (("very light", "light"), ("tanned", "brown"), ("dark brown", "very dark")),
    "age": (("child", "teenage", "young"), ("middle-aged",), ("old",)),
    "sex": (("man",), ("woman",)),
    "beard": (("none",), ("stubble",), ("moustache",), ("goatee",), ("short", "full")),
    "eyes": (("dark brown", "brown"), ("blue", "grey"), ("green", "hazel")),
    "light": (("left",), ("right",), ("front", "above")),
}
"""Of each aspect the tags that exclude each other, those that count as one together."""

_SKIN = ("skin", "cheek", "brow above", "left", "right", "tone of skin")
_BEARD = ("chin", "lip", "jaw", "chin beside skin", "lip beside skin", "jaw beside skin")
ABOUT: dict[str, tuple[str, ...]] = {
    "hair colour": ("hair", "tone of hair", "hair beside skin", "skin", "tone of skin"),
    "hair kind": ("hair", "locks"),
    "skin": _SKIN,
    "age": (*_SKIN, "chin", "jaw", "chin beside skin", "jaw beside skin"),
    "sex": (*_SKIN, *_BEARD, "brow", "tone of brow", "brow beside skin"),
    "beard": ("skin", "cheek", "tone of skin", "tone of chin", *_BEARD),
    "eyes": ("iris", "tone of skin"),
    "light": ("sides", "left", "right", "brow above", "chin"),
}
"""What each aspect is judged by: old people of the generator are grey and men have short hair, but
an edit makes somebody old and asks for no other hair."""

_SHRINKAGE = 0.1
_VIEWS = 2


@dataclass(frozen=True)
class ProbeExamples:
    """What the probe learns from or is judged on.

    Attributes:
        features: [V, F] of training.evaluation.region_features.
        truth: [V] by aspect: which of its rivals, -1 where there is not one.
    """

    features: Float
    truth: dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class AttributeProbe:
    """One linear score for each rival of each aspect.

    Attributes:
        mean, std: [F] of the features.
        weights: [F, R] by aspect; zero for features that are about something else.
        biases: [R] by aspect.
    """

    mean: Float
    std: Float
    weights: dict[str, Float]
    biases: dict[str, Float]

    def guesses(self, features: Float, aspect: str) -> NDArray[np.int64]:
        """Which rivals [V] are likeliest for features [V, F]; -1 if nobody had any of them."""
        known = np.where(np.isfinite(features), features, self.mean)
        scores = (known - self.mean) / self.std @ self.weights[aspect] + self.biases[aspect]
        return np.where(np.isfinite(scores.max(1)), scores.argmax(1), -1)

    def sees(
        self, rgb: NDArray[np.uint8], labels: NDArray[np.uint8], aspect: str, tag: str
    ) -> bool:
        """Whether that tag is the likeliest of its rivals in a picture with its map."""
        guess = self.guesses(region_features(rgb, labels)[None], aspect)[0]
        return guess >= 0 and tag in RIVALS[aspect][guess]


def probe_examples(
    folder: Path, renderer: Renderer | None, limit: int | None = None
) -> ProbeExamples:
    """Features of the generator's pictures, and of the same views of their exact splats.

    Args:
        folder: the generator's heads.
        renderer: draws the splats; None for the pictures alone.
        limit: at most so many heads.
    """
    features: list[Float] = []
    tags = []
    for path in list_heads(folder)[:limit]:
        head = read_head(path)
        if head is None:
            continue
        views, targets = head
        stored = load_sample(path)
        own = head_tags(stored["attributes"], float(measure_palette(targets)[-1, 2]))
        chosen = np.argsort(np.abs(views.yaws), kind="stable")[:_VIEWS]
        pictures = [views.rgb[number] for number in chosen]
        if renderer is not None:
            cameras = stored["K"][chosen[:1]], stored["w2c"][chosen[:1]]
            edge = views.rgb.shape[1]
            pictures.append(draw_anchors(targets, *cameras, edge, renderer)[0][0])
        maps = [views.labels[number] for number in (*chosen, chosen[0])]
        for picture, labels in zip(pictures, maps, strict=False):
            features.append(region_features(picture, _resized(labels, len(picture))))
            tags.append(own)
    truth = {aspect: np.array([_only(aspect, own) for own in tags]) for aspect in RIVALS}
    return ProbeExamples(np.stack(features), truth)


def fit_probe(examples: ProbeExamples) -> AttributeProbe:
    """Linear discriminant analysis with a shrunken covariance in which rivals weigh the same."""
    seen = np.isfinite(examples.features)
    # What no picture shows tells of nothing.
    features = np.where(seen | seen.any(0), examples.features, 0).astype(np.float32)
    mean = np.nanmean(features, 0)
    std = np.nanstd(features, 0) + 1e-6
    known = np.where(np.isfinite(features), features, mean)
    rows = ((known - mean) / std).astype(np.float64)
    weights, biases = {}, {}
    for aspect, rivals in RIVALS.items():
        truth = examples.truth[aspect]
        there = truth >= 0
        columns = [column for name in ABOUT[aspect] for column in COLUMNS[name]]
        x, y = rows[there][:, columns], truth[there]
        count = np.bincount(y, minlength=len(rivals))
        centres = np.stack(
            [x[y == n].mean(0) if count[n] else np.zeros(x.shape[1]) for n in range(len(rivals))]
        )
        inside = x - centres[y]
        share = 1 / (np.maximum(count[y], 1) * max((count > 0).sum(), 1))
        spread = (inside * share[:, None]).T @ inside + _SHRINKAGE * np.eye(x.shape[1])
        found = np.linalg.solve(spread, centres.T)
        weights[aspect] = np.zeros((rows.shape[1], len(rivals)), np.float32)
        weights[aspect][columns] = found
        lost = np.where(count > 0, 0, -np.inf)  # what nobody has is never seen
        biases[aspect] = (-0.5 * (centres.T * found).sum(0) + lost).astype(np.float32)
    return AttributeProbe(mean.astype(np.float32), std.astype(np.float32), weights, biases)


def recall(probe: AttributeProbe, examples: ProbeExamples) -> dict[str, list[float | None]]:
    """How often the probe names what a head has, by aspect and rival; None for what none has."""
    found: dict[str, list[float | None]] = {}
    for aspect, rivals in RIVALS.items():
        guesses, truth = probe.guesses(examples.features, aspect), examples.truth[aspect]
        found[aspect] = [
            float((guesses == number)[truth == number].mean()) if (truth == number).any() else None
            for number in range(len(rivals))
        ]
    return found


def _only(aspect: str, tags: dict[str, frozenset[str]]) -> int:
    """Which rivals of an aspect a head has, -1 for none or several."""
    has = [number for number, names in enumerate(RIVALS[aspect]) if tags[aspect] & set(names)]
    return has[0] if len(has) == 1 else -1


def _resized(labels: NDArray[np.uint8], edge: int) -> NDArray[np.uint8]:
    index = ((np.arange(edge) + 0.5) * len(labels) / edge).astype(int)
    return labels[np.ix_(index, index)]
