"""Cameras, labels and depth of synthetic heads, with OpenGL where there is one and without."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from inference.rendering.camera import Camera, look_at, orbit_camera
from training.synthetic.assets import Assets
from training.synthetic.gl_renderer import HeadRenderer
from training.synthetic.hair_styles import BALD
from training.synthetic.head import make_head
from training.synthetic.pictures import Renderer
from training.synthetic.render import render
from training.synthetic.software_renderer import SoftwareRenderer
from training.synthetic.wardrobe import Wardrobe
from training.template.labels import Label, Part

SIZE = 128


@pytest.fixture(scope="module")
def software(assets: Assets) -> Renderer:
    return SoftwareRenderer(assets, SIZE)


@pytest.fixture(scope="module")
def opengl(open_gl: Callable[[int], HeadRenderer]) -> Iterator[Renderer]:
    with open_gl(SIZE) as made:
        yield made


@pytest.fixture(params=["software", "opengl"])
def renderer(request: pytest.FixtureRequest) -> Renderer:
    return request.getfixturevalue(request.param)


def _close_up(yaw: float, elevation: float) -> Camera:
    """The face alone, about a millimetre a pixel."""
    target = np.array([0.0, 0.0, 0.03])
    y, e = np.radians(yaw), np.radians(elevation)
    away = np.array([np.sin(y) * np.cos(e), np.sin(e), np.cos(y) * np.cos(e)])
    focal = SIZE / (2 * 0.085)  # 17 cm fill the picture at one metre
    K = np.array([[focal, 0, SIZE / 2], [0, focal, SIZE / 2], [0, 0, 1.0]])
    return Camera(SIZE, SIZE, K, look_at(target + away, target, np.array([0.0, 1, 0])))


def _silhouette(assets: Assets, points: np.ndarray, camera: Camera) -> np.ndarray:
    """What the mesh covers when its quads are projected with K and w2c alone."""
    scale, shift = 8, 4
    pixels, _ = camera.resized(SIZE * scale, SIZE * scale).project(points)
    mask = np.zeros((SIZE * scale, SIZE * scale), np.uint8)
    for quad in pixels[assets.surface.quads]:
        # Pixel centres are at half numbers, OpenCV's at whole ones.
        corners = ((quad - 0.5) * 2**shift).round().astype(np.int32)
        cv2.fillConvexPoly(mask, corners, 1, shift=shift)
    return mask.reshape(SIZE, scale, SIZE, scale).mean((1, 3)) > 0.5


@pytest.mark.parametrize(("yaw", "elevation"), [(0, 0), (55, 10), (-120, -15)])
def test_cameras_project_the_head_onto_its_mask(assets, renderer, yaw, elevation):
    head = make_head(3, assets, BALD, Wardrobe())
    camera = orbit_camera(yaw, elevation, size=(SIZE, SIZE))
    made = render(head, [camera], renderer)
    rows = np.flatnonzero((made.label[0] == Label.CLOTH).any(1))
    above = slice(0, rows.min() - 3)  # cloth is a shell outside the mesh
    drawn = made.alpha[0, above] > 0.5
    projected = _silhouette(assets, head.points, Camera(SIZE, SIZE, made.K[0], made.w2c[0]))[above]
    assert (drawn & projected).sum() / (drawn | projected).sum() >= 0.99


def _probes(assets: Assets, head) -> list[tuple[np.ndarray, int]]:
    """Points in the middle of regions, with their label."""
    surface = assets.surface
    places = {
        Label.NOSE: (0.0, -0.004, 0.09),
        Label.UPPER_LIP: (0.0, -0.033, 0.085),
        Label.LOWER_LIP: (0.0, -0.044, 0.081),
        Label.FACE: (0.0, -0.062, 0.075),
        Label.LEFT_EAR: (0.079, 0.012, -0.030),
        Label.RIGHT_EAR: (-0.079, 0.012, -0.030),
        Label.NECK: (0.045, -0.085, -0.01),
    }
    found = []
    for label, place in places.items():
        own = np.flatnonzero(surface.labels == label)
        vertex = own[np.linalg.norm(surface.rest[own] - place, axis=1).argmin()]
        found.append((head.points[surface.gather[vertex]], int(label)))
    for row, label in enumerate((Label.LEFT_EYE, Label.RIGHT_EYE)):
        ball = np.unique(
            surface.gather[(surface.parts == Part.EYEBALL) & (surface.labels == label)]
        )
        away = head.points[ball] - head.eyes.centres[row]
        found.append((head.points[ball[(away @ head.eyes.gaze[row]).argmax()]], int(label)))
    return found


@pytest.mark.parametrize("seed", [1, 5, 7, 20])
def test_landmarks_that_are_seen_bear_their_label(assets, renderer, seed):
    head = make_head(seed, assets)
    probes = _probes(assets, head)
    cameras = [_close_up(yaw, elevation) for yaw, elevation in ((0, 0), (40, 8), (-75, -5))]
    made = render(head, cameras, renderer)
    seen = 0
    for view, camera in enumerate(cameras):
        for point, label in probes:
            pixel, depth = camera.project(point[None])
            column, row = np.floor(pixel[0]).astype(int)
            if not (0 <= column < SIZE and 0 <= row < SIZE):
                continue
            if abs(made.depth[view, row, column] - depth[0]) < 0.0012:
                assert made.label[view, row, column] == label, (view, Label(label).name)
                seen += 1
    assert seen >= 9


def test_left_is_the_persons_left(assets, renderer):
    head = make_head(5, assets, BALD, Wardrobe())
    front, beside = (orbit_camera(yaw, size=(SIZE, SIZE)) for yaw in (0, 90))
    label, from_left = render(head, [front, beside], renderer).label
    # The camera sees the person's left, world +x, on the right of the picture.
    for left, right in (
        (Label.LEFT_EYE, Label.RIGHT_EYE),
        (Label.LEFT_EAR, Label.RIGHT_EAR),
        (Label.LEFT_BROW, Label.RIGHT_BROW),
    ):
        assert np.nonzero(label == left)[1].mean() > SIZE / 2 > np.nonzero(label == right)[1].mean()
    assert (from_left == Label.LEFT_EAR).any()
    assert not (from_left == Label.RIGHT_EAR).any()


def test_all_classes_appear_within_64_seeds(assets, software):
    found: set[int] = set()
    cameras = [orbit_camera(yaw, size=(SIZE, SIZE)) for yaw in (0, 70)]
    for seed in range(64):
        found |= set(np.unique(render(make_head(seed, assets), cameras, software).label).tolist())
        if len(found) == 19:
            break
    assert found == set(range(19))


def test_two_cameras_see_the_same_point_in_the_same_place(assets, renderer):
    head = make_head(2, assets, BALD, Wardrobe())
    cameras = [orbit_camera(yaw, 5, size=(SIZE, SIZE)) for yaw in (-15, 20)]
    made = render(head, cameras, renderer)
    skin = assets.surface.body
    points, normals = head.points[skin], head.normals[skin]
    facing = np.ones(len(skin), bool)
    for camera in cameras:
        toward = camera.position - points
        facing &= (normals * toward).sum(1) > 0.75 * np.linalg.norm(toward, axis=1)
    first, second = cameras
    pixels, depth = first.project(points)
    cell = np.clip(np.floor(pixels).astype(int), 0, SIZE - 1)
    seen = made.depth[0, cell[:, 1], cell[:, 0]]
    visible = facing & (seen > 0) & (np.abs(seen - depth) < 0.006) & (points[:, 1] > -0.05)
    assert visible.sum() > 300
    rays = np.concatenate([pixels, np.ones((len(pixels), 1))], 1) @ np.linalg.inv(made.K[0]).T
    local = rays * seen[:, None]
    pose = made.w2c[0]
    world = (local - pose[:3, 3]) @ pose[:3, :3]
    again, _ = Camera(SIZE, SIZE, made.K[1], made.w2c[1]).project(world[visible])
    wanted, _ = second.project(points[visible])
    assert np.linalg.norm(again - wanted, axis=1).max() < 1


@pytest.mark.parametrize("seed", [8, 10])
def test_both_renderers_see_the_same(assets, software, opengl, seed):
    head = make_head(seed, assets)
    cameras = [orbit_camera(yaw, size=(SIZE, SIZE)) for yaw in (0, 60)]
    plain, rich = render(head, cameras, software), render(head, cameras, opengl)
    both = (plain.depth > 0) & (rich.depth > 0)
    either = (plain.depth > 0) | (rich.depth > 0)
    assert both.sum() / either.sum() > 0.95
    assert (plain.label == rich.label)[both].mean() > 0.96
    assert np.median(np.abs(plain.depth - rich.depth)[both]) < 0.001
    assert np.abs(plain.alpha - rich.alpha).mean() < 0.03
    inside = both & (plain.label == rich.label)
    assert np.abs(plain.rgb[inside].mean(0) - rich.rgb[inside].mean(0)).max() < 0.2


def test_a_head_is_drawn_the_same_every_time(assets, renderer):
    camera = [orbit_camera(20, size=(SIZE, SIZE))]
    first = render(make_head(9, assets), camera, renderer)
    render(make_head(10, assets), camera, renderer)
    second = render(make_head(9, assets), camera, renderer)
    for name in ("rgb", "alpha", "label", "depth", "K", "w2c"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
