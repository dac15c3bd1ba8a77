"""Small smooth moves that bring the head's landmarks and outline onto the photograph's.

Only what the photograph shows is moved across the view; depth is left to the network. What
it does not show follows by smoothness and by the mirrored half.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from inference.fitting.evidence.beyond import Photograph
from inference.fitting.evidence.kinds import NECK
from inference.fitting.evidence.landmark_groups import FACE_OVAL, LIPS, landmark_sample
from inference.fitting.evidence.regions import shrunk
from inference.fitting.shape.camera import facing_weight
from inference.fitting.shape.ear_places import ears_on_ears, match_ears
from inference.fitting.shape.hair_volume import grow_behind
from inference.fitting.shape.outline import match_outline
from inference.fitting.shape.outline_kinds import of_one_kind
from inference.fitting.shape.surface import turn_along
from inference.fitting.solvers.blending import blend
from inference.fitting.solvers.smooth_field import Kernel, SmoothField, fit_field
from inference.head.gaussians import FloatArray, Gaussians
from inference.head.template import HeadTemplate
from inference.portrait.types import FaceLandmarks
from inference.progress import CancelToken, Progress
from inference.rendering.camera import Camera


@dataclass(frozen=True)
class ShapeConfig:
    """How far and how smoothly the head may move; all values are our choice.

    Attributes:
        kernel: smoothness of the moves.
        landmark_ridge: noise to signal ratio of a landmark.
        outline_ridge: the same for a point of the outline.
        mirror_trust: trust of a mirrored constraint on the side that is not seen.
        behind_trust: trust of the hair's growth behind the head.
        ear_trust: trust of where a face map shows an ear.
        rounds: outline matches are renewed so often.
        outline_size: edge in pixels of the picture in which outlines are compared.
        outline_reach: how far an outline may move in one round, metres at the head.
        flat: what wears cloth is turned into the surface by this share, twice.
        stretch_limits: Gaussians grow and shrink with their neighbourhood within these.
        largest: metres of standard deviation, but for cloth: a veil between what was stretched
            would stand out beyond the photograph's outline.
        detail: the photograph shows more detail than the network's Gaussians can hold; they
            shrink by this factor where `coverage` lets them.
        coverage: least standard deviation as a share of the neighbours' RMS distance.
        coverage_limit: metres; gaps wider than what this closes are left to be gaps,
        torn: but it grows with the neighbourhood up to so many times: tears are closed.
        cloth_coverage: as coverage, for cloth, in which there are no gaps at all. It begins
        collar: below this height of the template, metres; above, a neck beside a wide collar
            would be a veil before the background.
    """

    kernel: Kernel = field(default_factory=lambda: Kernel((0.16, 0.06, 0.03), (0.55, 0.3, 0.15)))
    landmark_ridge: float = 0.02
    outline_ridge: float = 0.05
    mirror_trust: float = 0.1
    behind_trust: float = 0.5
    ear_trust: float = 0.2
    rounds: int = 3
    outline_size: int = 256
    outline_reach: float = 0.045
    flat: float = 0.5
    stretch_limits: tuple[float, float] = (0.6, 2.0)
    largest: float = 0.0045
    detail: float = 0.65
    coverage: float = 0.5
    coverage_limit: float = 0.0025
    torn: float = 1.8
    cloth_coverage: float = 0.4
    collar: float = -0.07


def fit_shape(
    gaussians: Gaussians,
    camera: Camera,
    landmarks: FaceLandmarks,
    template: HeadTemplate,
    photograph: Photograph,
    config: ShapeConfig,
    progress: Progress,
    cancel: CancelToken,
) -> Gaussians:
    """Move the Gaussians so that landmarks and outline agree with the photograph.

    Args:
        gaussians: the head.
        camera: the photograph's camera.
        landmarks: pixels of the photograph's crop.
        template: landmark anchors, labels, normals and neighbours.
        photograph: matte and face map.
        config: how far and how smoothly.
        progress: told after every round.
        cancel: checked between the steps.
    """
    small = camera.resized(config.outline_size, config.outline_size)
    small_matte = shrunk(photograph.portrait.alpha, config.outline_size)
    small_regions = photograph.regions.shrunk(config.outline_size)
    small_ears = small_regions.ears
    inside = photograph.inside
    small_inside = None if inside is None else shrunk(inside, config.outline_size)
    dressed = template.labels == NECK
    flat = np.full(len(dressed), config.flat, np.float32)
    moved, turned = gaussians, gaussians.means
    for turn in range(config.rounds):
        cancel.check()
        points, shifts, trust = _landmark_moves(moved, camera, landmarks, template)
        trust /= config.landmark_ridge
        cancel.check()
        blending = blend(moved, small, cancel)
        cancel.check()
        reach = config.outline_reach * small.pixels_per_metre
        matches = match_outline(blending, moved.means, small_matte, reach, small_inside)
        matches = of_one_kind(matches, template, small, small_regions)
        cancel.check()
        ear, drawn_ear = np.zeros((0, 3)), np.zeros((0, 3))
        if small_ears is not None:
            matches = ears_on_ears(matches, template, small, small_ears)
            ear, rise = match_ears(blending, moved.means, template, small, small_ears)
            drawn_ear = _in_space(small, ear, rise)
            cancel.check()
        outline = _in_space(small, matches.points, matches.shifts)
        behind, growth = grow_behind(matches, outline, moved.means, template, camera)
        points = np.concatenate([points, matches.points, behind, ear])
        shifts = np.concatenate([shifts, outline, growth, drawn_ear])
        trust = np.concatenate(
            [
                trust,
                matches.trust / config.outline_ridge,
                np.full(len(behind), config.behind_trust / config.outline_ridge),
                np.full(len(ear), config.ear_trust / config.outline_ridge),
            ]
        )
        moves = _symmetric_field(points, shifts, trust, camera, config)
        cancel.check()
        moved = replace(moved, means=moved.means + moves.at(moved.means, cancel))
        cancel.check()
        if turn in (0, config.rounds - 1):  # the first moves are the largest
            near, outward = template.neighbours, template.normals
            moved = turn_along(moved, turned, dressed, flat, near, outward)
            turned = moved.means
            cancel.check()
        progress("Fitting the shape", (turn + 1) / config.rounds)
    cloth = dressed & (template.anchors[:, 1] < config.collar)
    return without_holes(moved, gaussians.means, template.neighbours, cloth, config)


def without_holes(
    moved: Gaussians,
    before: FloatArray,  # [N, 3]
    neighbours: NDArray[np.integer],  # [N, k]
    dressed: NDArray[np.bool_],  # [N]
    config: ShapeConfig,
) -> Gaussians:
    """Let every Gaussian grow or shrink as its neighbourhood did, and close gaps.

    Args:
        moved: the head at its new place.
        before: where its Gaussians were.
        neighbours: nearest anchors of every anchor.
        dressed: which of them wear cloth.
        config: limits.
    """
    distances = np.linalg.norm(moved.means[neighbours] - moved.means[:, None], axis=-1)
    old = np.linalg.norm(before[neighbours] - before[:, None], axis=-1)
    spacing = np.sqrt((distances**2).mean(1))
    stretch = spacing / np.maximum(np.sqrt((old**2).mean(1)), 1e-6)
    scales = moved.scales * (config.detail * np.clip(stretch, *config.stretch_limits)[:, None])
    limit = config.coverage_limit * np.clip(stretch, 1, config.torn)
    least = np.minimum(config.coverage * spacing, limit)
    least = np.maximum(least, np.where(dressed, config.cloth_coverage * spacing, 0))
    # Only the two long axes grow: a flat Gaussian stays flat.
    middle = np.median(scales, axis=1)
    growth = np.maximum(least / middle, 1)
    scales = np.where(scales >= middle[:, None], scales * growth[:, None], scales)
    scales = np.minimum(scales, np.where(dressed, np.inf, config.largest)[:, None])
    return replace(moved, scales=scales.astype(np.float32))


def _in_space(
    camera: Camera, points: NDArray[np.float64], shifts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Moves [K, 3] in metres that shift points by [K, 2] pixels at their depth."""
    _, depth = camera.project(points)
    focal = np.array([camera.intrinsics[0, 0], camera.intrinsics[1, 1]])
    flat = shifts * depth[:, None] / focal
    return flat @ camera.world_to_camera[:2, :3]


def _landmark_moves(
    gaussians: Gaussians,
    camera: Camera,
    landmarks: FaceLandmarks,
    template: HeadTemplate,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Where landmark Gaussians are [K, 3], how far they should move [K, 3], trust [K]."""
    points = gaussians.means[template.landmark_anchors].astype(np.float64)
    projected, _ = camera.project(points)
    trust = facing_weight(points, camera)
    rim = np.zeros(len(points), bool)
    rim[list(FACE_OVAL)] = True
    trust[rim] *= 0.3  # the rim is where the mesh ends, not a place on the skin
    trust[list(LIPS)] *= 2.0
    used = (trust > 0.02) & landmark_sample()
    shifts = _in_space(camera, points, landmarks.points - projected)
    return points[used], shifts[used], trust[used]


def _symmetric_field(
    points: NDArray[np.float64],
    shifts: NDArray[np.float64],
    trust: NDArray[np.float64],
    camera: Camera,
    config: ShapeConfig,
) -> SmoothField:
    """A field through the moves, and weakly through their mirror images."""
    flip = np.array([-1.0, 1.0, 1.0])
    # A mirrored constraint counts only as far as its own side is turned away.
    away = np.clip(1.5 * np.sin(np.abs(np.arctan2(*camera.position[[0, 2]]))), 0, 1)
    mirrored_trust = trust * config.mirror_trust * away
    side = np.sign(camera.position[0]) * points[:, 0] > 0
    use = side & (mirrored_trust > 1e-3)
    return fit_field(
        np.concatenate([points, points[use] * flip]),
        np.concatenate([shifts, shifts[use] * flip]),
        np.concatenate([trust, mirrored_trust[use]]),
        config.kernel,
        1.0,
    )
