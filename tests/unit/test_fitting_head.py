"""A whole head is fitted to a picture of somebody else's head."""

import time
from dataclasses import replace

import numpy as np
import pytest

from inference.fitting.evidence.regions import Regions
from inference.fitting.fit import FitResult, fit_head, prepare_morphs
from inference.fitting.shape.camera import fit_camera
from inference.fitting.shape.morphs import Morphs, fit_morphs
from inference.fitting.solvers.blending import blend
from inference.head.gaussians import Gaussians
from inference.head.rig import Rig
from inference.head.template import HeadTemplate
from inference.portrait.types import CropBox, FaceLandmarks, PreparedPortrait
from inference.progress import Cancelled, CancelToken
from inference.rendering.camera import Camera, orbit_camera

SIZE = 192
YAW = 25.0
HAIR = 14


@pytest.fixture(scope="module")
def morphs(template: HeadTemplate) -> Morphs:
    prepared = prepare_morphs(template)
    assert prepared is not None
    return prepared


def head(template: HeadTemplate, anchors: np.ndarray, skin: list, hair: list) -> Gaussians:
    """A head of two colours on given anchors."""
    colours = np.where((template.labels == HAIR)[:, None], hair, skin)
    spacing = np.linalg.norm(anchors[template.neighbours] - anchors[:, None], axis=-1).mean(1)
    return Gaussians(
        anchors,
        np.tile([1.0, 0, 0, 0], (len(anchors), 1)),
        np.repeat(0.55 * spacing[:, None], 3, 1),
        np.full(len(anchors), 0.95),
        colours,
    )


@pytest.fixture(scope="module")
def network_head(template: HeadTemplate) -> Gaussians:
    return head(template, template.anchors, [0.6, 0.6, 0.6], [0.4, 0.4, 0.4])


@pytest.fixture(scope="module")
def person(template: HeadTemplate) -> Gaussians:
    """Somebody with a wider head, a smile, brown hair and a blemish on the left cheek."""
    rig = Rig.load()
    wide = {**rig.average_adult, "head/head-square": 0.5}
    smile = {"mouthSmileLeft": 0.6, "mouthSmileRight": 0.6, "jawOpen": 0.2}
    anchors = rig.anchors(wide, smile) * np.array([1.06, 1, 1], np.float32)
    made = head(template, anchors, [0.85, 0.62, 0.5], [0.3, 0.17, 0.08])
    blemish = np.linalg.norm(anchors - [0.045, -0.02, 0.05], axis=1) < 0.012
    return made.with_colours(np.where(blemish[:, None], [0.4, 0.1, 0.1], made.colours))


@pytest.fixture(scope="module")
def truth() -> Camera:
    return orbit_camera(YAW, 4, size=(SIZE, SIZE))


@pytest.fixture(scope="module")
def portrait(person: Gaussians, template: HeadTemplate, truth: Camera) -> PreparedPortrait:
    drawn = blend(person, truth)
    green = np.array([0.1, 0.9, 0.2])
    image = drawn.picture(person.colours) + (1 - drawn.alpha[..., None]) * green
    points, _ = truth.project(person.means[template.landmark_anchors].astype(np.float64))
    landmarks = FaceLandmarks(points, 1.0)
    crop = CropBox(SIZE / 2, SIZE / 2, SIZE)
    return PreparedPortrait(image.astype(np.float32), drawn.alpha, landmarks, crop)


@pytest.fixture(scope="module")
def fitted(
    network_head: Gaussians, portrait: PreparedPortrait, template: HeadTemplate, morphs: Morphs
) -> FitResult:
    return fit_head(network_head, portrait, template, morphs=morphs)


def test_the_head_becomes_the_photograph(fitted: FitResult) -> None:
    assert fitted.psnr_before < 18
    assert fitted.psnr > 26


def test_the_camera_is_the_photographs(fitted: FitResult, truth: Camera) -> None:
    assert abs(fitted.yaw - YAW) < 4
    turn = fitted.camera.world_to_camera[:3, :3] @ truth.world_to_camera[:3, :3].T
    assert np.degrees(np.arccos((np.trace(turn) - 1) / 2)) < 5


def test_other_views_show_the_same_person(fitted: FitResult, person: Gaussians) -> None:
    for yaw in (0, 60, 180):
        camera = orbit_camera(yaw, size=(96, 96))
        ours, theirs = blend(fitted.gaussians, camera), blend(person, camera)
        both = (ours.alpha > 0.95) & (theirs.alpha > 0.95)
        union = (ours.alpha > 0.5) | (theirs.alpha > 0.5)
        assert both.sum() / union.sum() > 0.9  # the shape agrees
        error = np.abs(ours.picture(fitted.gaussians.colours) - theirs.picture(person.colours))
        assert np.median(error[both].max(1)) < 0.06
    green = fitted.gaussians.colours[:, 1] - fitted.gaussians.colours[:, 0]
    assert (green > 0.05).mean() < 1e-3  # nothing of the background


def test_landmarks_lie_on_the_photographs(
    fitted: FitResult, portrait: PreparedPortrait, template: HeadTemplate
) -> None:
    anchors = fitted.gaussians.means[template.landmark_anchors].astype(np.float64)
    points, _ = fitted.camera.project(anchors)
    error = np.linalg.norm(points - portrait.landmarks.points, axis=1) * (512 / SIZE)
    assert np.median(error) < 1.5


def test_no_gaussian_leaves_its_neighbours(
    fitted: FitResult, network_head: Gaussians, template: HeadTemplate
) -> None:
    moves = fitted.gaussians.means - network_head.means
    apart = np.linalg.norm(moves[template.neighbours] - moves[:, None], axis=-1).max(1)
    distance = np.linalg.norm(
        network_head.means[template.neighbours] - network_head.means[:, None], axis=-1
    ).max(1)
    assert np.quantile(apart / distance, 0.999) < 1.5


def test_strength_interpolates(
    network_head: Gaussians,
    portrait: PreparedPortrait,
    template: HeadTemplate,
    morphs: Morphs,
    fitted: FitResult,
) -> None:
    none = fit_head(network_head, portrait, template, morphs=morphs, strength=0)
    assert none.gaussians is network_head
    half = fit_head(network_head, portrait, template, morphs=morphs, strength=0.5)
    middle = (network_head.colours + fitted.gaussians.colours) / 2
    assert np.abs(half.gaussians.colours - middle).max() < 1e-3
    assert fitted.psnr > half.psnr > none.psnr


def test_unseen_hair_takes_the_colour_of_what_the_face_map_calls_hair(
    person: Gaussians,
    network_head: Gaussians,
    portrait: PreparedPortrait,
    template: HeadTemplate,
    morphs: Morphs,
    truth: Camera,
) -> None:
    hair = np.isin(template.labels, (14, 15))
    temple = hair & (template.anchors[:, 1] < np.quantile(template.anchors[hair, 1], 0.6))
    # A fringe of bare, reddish skin: darker than the face, so that its colour looks like hair's.
    colours = np.where(temple[:, None], [0.55, 0.25, 0.2], person.colours)
    bare = person.with_colours(colours.astype(np.float32))
    drawn = blend(bare, truth)
    image = drawn.picture(bare.colours) + (1 - drawn.alpha[..., None])
    shown = drawn.picture(np.repeat((hair & ~temple)[:, None], 3, 1).astype(np.float32))[..., 0]
    partly_bald = replace(portrait, image=image.astype(np.float32))
    back = hair & (template.anchors[:, 2] < -0.03)

    def off(map_: np.ndarray | None) -> float:
        regions = Regions(hair=map_)
        found = fit_head(network_head, partly_bald, template, morphs=morphs, regions=regions)
        return float(np.abs(found.gaussians.colours[back] - [0.3, 0.17, 0.08]).mean())

    assert off(shown.astype(np.float32)) < 0.7 * off(None)


def test_without_landmarks_only_the_overall_colour_is_taken(
    network_head: Gaussians, portrait: PreparedPortrait, template: HeadTemplate
) -> None:
    result = fit_head(network_head, replace(portrait, landmarks=None), template)
    assert np.array_equal(result.gaussians.means, network_head.means)
    assert result.yaw == 0
    assert result.gaussians.colours[:, 0].mean() > result.gaussians.colours[:, 2].mean() + 0.1
    assert result.psnr > result.psnr_before


def test_stages_are_reported_and_cancel_stops_at_once(
    network_head: Gaussians, portrait: PreparedPortrait, template: HeadTemplate, morphs: Morphs
) -> None:
    seen: list[str] = []
    fit_head(
        network_head,
        portrait,
        template,
        morphs=morphs,
        progress=lambda stage, fraction: seen.append(stage),
    )
    stages = list(dict.fromkeys(seen))
    assert stages == ["Finding the camera", "Fitting the shape", "Fitting the colours"]
    for stage in stages:
        token = CancelToken()

        def stop_at(
            now: str, fraction: float, stage: str = stage, token: CancelToken = token
        ) -> None:
            if now == stage:
                token.cancel()

        start = time.perf_counter()
        with pytest.raises(Cancelled):
            fit_head(
                network_head, portrait, template, morphs=morphs, progress=stop_at, cancel=token
            )
        assert time.perf_counter() - start < 20


def test_morphs_find_a_smile_and_leave_size_to_the_camera(
    template: HeadTemplate, morphs: Morphs
) -> None:
    smile = Rig.load().anchors(expression={"mouthSmileLeft": 0.7, "mouthSmileRight": 0.7})
    points = smile[template.landmark_anchors].astype(np.float64)
    camera = orbit_camera(-15, 3, size=(512, 512))
    landmarks = FaceLandmarks(camera.project(points)[0], 1.0)
    start = template.anchors[template.landmark_anchors]
    from inference.fitting.shape.morphs import MorphConfig

    rigid = fit_camera(landmarks, start, 512).camera
    found, deviations = fit_morphs(landmarks, start, rigid, morphs, MorphConfig())
    moves = morphs.moves(deviations)
    shaped = (template.anchors + moves)[template.landmark_anchors].astype(np.float64)
    error = np.linalg.norm(found.project(shaped)[0] - landmarks.points, axis=1)
    assert np.median(error) < 0.8
    corner = template.landmark_anchors[291]
    wanted = (smile - template.anchors)[corner]
    assert np.linalg.norm(moves[corner] - wanted) < 0.5 * np.linalg.norm(wanted)
    distance = np.linalg.norm(found.position) / np.linalg.norm(camera.position)
    assert abs(distance - 1) < 0.05
