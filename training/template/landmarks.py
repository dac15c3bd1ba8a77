"""Where MediaPipe's 468 landmarks lie on the head mesh.

landmarks.csv is written by training.synthetic.lift_landmarks.
"""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.template.patches import FloatArray, IntArray, Samples

LANDMARK_FILE = Path(__file__).with_name("landmarks.csv")
_HEADER = ["landmark", "quad", "u", "v"]


def read_landmarks(path: Path = LANDMARK_FILE) -> tuple[IntArray, FloatArray]:
    """Quad [468] and bilinear coordinates [468, 2] of each landmark."""
    with open(path, newline="") as handle:
        rows = list(csv.DictReader(handle))
    quads = np.array([int(row["quad"]) for row in rows])
    return quads, np.array([[float(row["u"]), float(row["v"])] for row in rows])


def write_landmarks(
    anchors: NDArray[np.integer],  # [468]
    samples: Samples,
    path: Path = LANDMARK_FILE,
) -> None:
    """Write the places of anchors, which later templates may sample elsewhere."""
    quads, uv = samples.quads.ravel()[anchors], samples.uv.reshape(-1, 2)[anchors]
    with open(path, "w", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(_HEADER)
        for number, (quad, (u, v)) in enumerate(zip(quads, uv, strict=True)):
            writer.writerow([number, quad, f"{u:.4f}", f"{v:.4f}"])
