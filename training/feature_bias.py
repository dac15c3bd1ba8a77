r"""How features of the template look beside those of face maps, on heads that are exactly right.

    python -m training.feature_bias --data HEADS

The template says which anchors are nose; a face map draws the nose wider. inference.editing
moves features to where a map has them and has to know that. Prints the table of
inference/editing/feature_fit.py.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.editing.feature_fit import SMALLEST
from inference.editing.kinds import CLOTH, GLASSES, HAIR, HAT, SKIN, class_of
from inference.editing.projection import front, project, shrink
from inference.face_map.labels import FEATURES, Label
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera, orbit_angles
from training.anchors import data as anchor_data
from training.anchors.data import list_heads
from training.runs.command_line import command_parser
from training.synthetic.dataset import load_sample

_FRONTAL = 30.0  # degrees of yaw up to which both sides of a face are seen
_FEW = 12  # cells
_KIND = np.zeros(6, np.int64)
for _stored, _kind in (
    (anchor_data.SKIN, SKIN),
    (anchor_data.HAIR, HAIR),
    (anchor_data.CLOTH, CLOTH),
    (anchor_data.HAT, HAT),
    (anchor_data.GLASSES, GLASSES),
    (anchor_data.JEWELLERY, SKIN),
):
    _KIND[_stored] = _kind
_MIRRORED = (
    (Label.RIGHT_BROW, Label.LEFT_BROW),
    (Label.RIGHT_EYE, Label.LEFT_EYE),
)


def extent(cells: NDArray[np.int64]) -> NDArray[np.float64]:
    """Standard deviation [2] of places [n, 2], not below half a cell as where heads are fitted."""
    return np.maximum(cells.std(0), SMALLEST)


def compare(
    shown: NDArray[np.uint8],  # [128, 128]
    drawn: NDArray[np.uint8],  # [128, 128]
) -> dict[Label, tuple[float, float, float]]:
    """Of the features that both have: extents over the map's, and how far lower, in extents."""
    found = {}
    for label in FEATURES:
        here, there = np.argwhere(shown == label), np.argwhere(drawn == label)
        if min(len(here), len(there)) < _FEW:
            continue
        (tall, wide), (map_tall, map_wide) = extent(here), extent(there)
        lower = (here.mean(0) - there.mean(0))[0] / map_tall
        found[label] = (float(wide / map_wide), float(tall / map_tall), float(lower))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = command_parser("training.feature_bias", __doc__)
    parser.add_argument("--data", type=Path, required=True, help="the generator's heads")
    parser.add_argument("--heads", type=int, default=100, help="at most so many")
    options = parser.parse_args(arguments)
    template = HeadTemplate.load()
    rows: dict[Label, list[tuple[float, float, float]]] = {label: [] for label in FEATURES}
    for path in list_heads(options.data)[: options.heads]:
        head = load_sample(path)
        labels = class_of(_KIND[head["kind"]], template.labels)
        for drawn, intrinsics, pose in zip(head["label"], head["K"], head["w2c"], strict=True):
            yaw, _ = orbit_angles(-pose[:3, :3].T @ pose[:3, 3])
            if abs(yaw) > _FRONTAL:
                continue
            camera = Camera(len(drawn), len(drawn), intrinsics, pose)
            shown, _ = front(project(head["positions"].astype(np.float32), camera), labels)
            for label, row in compare(shown, shrink(drawn)).items():
                rows[label].append(row)
    for right, left in _MIRRORED:
        rows[right] = rows[left] = rows[right] + rows[left]
    for label, found in rows.items():
        median = np.median(found, axis=0) if found else (1.0, 1.0, 0.0)
        across, down, lower = (round(float(value), 2) for value in median)
        print(f"    Label.{label.name}: ({across}, {down}, {lower}),  # {len(found)} views")


if __name__ == "__main__":
    main()
