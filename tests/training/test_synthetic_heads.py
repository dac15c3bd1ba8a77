"""What training relies on in a synthetic head: labels, cameras, targets, the same every time."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from inference.errors import UsageError
from inference.head.gaussians import Gaussians
from inference.rendering.camera import orbit_camera
from training.editing.map_heads import load_map_heads
from training.synthetic.anchors import AnchorBinding
from training.synthetic.assets import Assets
from training.synthetic.dataset import load_sample, make_sample, save_sample
from training.synthetic.generate import main, parse_seeds
from training.synthetic.gl_renderer import HeadRenderer
from training.synthetic.hair_styles import STYLES
from training.synthetic.head import make_head
from training.synthetic.labels import Kind
from training.synthetic.mapped_head import make_mapped_head, save_mapped_head
from training.template.labels import Label, Part

SIZE = 128


@pytest.fixture(scope="module")
def renderer(open_gl: Callable[[int], HeadRenderer]) -> Iterator[HeadRenderer]:
    with open_gl(SIZE) as made:
        yield made


@pytest.fixture(scope="module")
def binding(assets: Assets) -> AnchorBinding:
    return AnchorBinding(assets)


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


def test_heads_without_pictures_have_the_maps_and_anchors_of_those_with(
    assets, renderer, binding, tmp_path
):
    for seed in (11, 12):
        whole, mapped = tmp_path / f"whole{seed}.npz", tmp_path / f"mapped{seed}.npz"
        save_sample(make_sample(seed, assets, renderer, binding, 2), whole, "template")
        made = make_mapped_head(seed, assets, renderer, binding, 3)
        save_mapped_head(made, mapped, "template")
        first, second = load_sample(whole), load_sample(mapped)
        assert first.keys() - second.keys() == {"rgb", "alpha", "captions"}
        for key in second.keys() - {"label", "K", "w2c"}:
            assert np.array_equal(first[key], second[key]), key
        for key in ("label", "K", "w2c"):
            assert np.array_equal(first[key], second[key][:2]), key
        assert len(second["label"]) == 3
    read = [load_map_heads([tmp_path / f"{name}11.npz"], 2) for name in ("whole", "mapped")]
    for name, values in vars(read[0]).items():
        assert name == "names" or np.array_equal(values, getattr(read[1], name)), name


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
