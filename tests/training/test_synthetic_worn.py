"""What is worn: where it sits, what it hides, and the anchors that stand for it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from inference.rendering.camera import orbit_camera
from training.anchors.data import list_heads, read_head
from training.data.neutral import open_source
from training.synthetic.anchors import AnchorBinding
from training.synthetic.dataset import load_sample, make_sample, save_neutral, save_sample
from training.synthetic.glasses import FRAMES, GlassesLook
from training.synthetic.hair_styles import STYLES
from training.synthetic.hats import HATS, sample_hat
from training.synthetic.head import make_head
from training.synthetic.jewellery import EarringLook, NecklaceLook
from training.synthetic.labels import Kind
from training.synthetic.software_renderer import SoftwareRenderer
from training.synthetic.wardrobe import Wardrobe
from training.synthetic.wearer import Wearer
from training.template.labels import Label

SIZE = 128
CURLY = next(style for style in STYLES if style.name == "afro")
DARK = GlassesLook(FRAMES[3], "black", "grey", 0.9)
CLEAR = GlassesLook(FRAMES[1], "black", None, 0.06)
JEWELLERY = (EarringLook("hoops", "gold", 0.035), NecklaceLook("pearls", "gold", -0.13, 0.008))


@pytest.fixture(scope="module")
def renderer(assets):
    return SoftwareRenderer(assets, SIZE)


@pytest.fixture(scope="module")
def binding(assets):
    return AnchorBinding(assets)


def _hat(name):
    return replace(sample_hat(np.random.default_rng(1)), name=name)


def _surface(head, *labels):
    """Points [N, 3] all over the worn meshes with some labels."""
    rng = np.random.default_rng(0)
    found = []
    for thing in head.accessories:
        if thing.label in labels:
            corners = thing.points[thing.triangles]
            area = np.linalg.norm(
                np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
            )
            chosen = rng.choice(len(corners), 20000, p=area / area.sum())
            found.append(np.einsum("nk,nkc->nc", rng.dirichlet([1, 1, 1], 20000), corners[chosen]))
    return np.concatenate(found)


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_glasses_sit_before_the_eyes_and_off_the_skin(assets, frame):
    head = make_head(4, assets, wardrobe=Wardrobe(glasses=replace(CLEAR, frame=frame)))
    worn = {thing.name: thing for thing in head.accessories}
    lenses = worn["lenses"].points
    wearer = Wearer.of(assets, head.points, head.normals, head.vertices)
    for eye in wearer.eyes:
        beside = np.linalg.norm(lenses[:, :2] - eye[:2], axis=1) < 0.012
        assert beside.any()
        assert (lenses[beside, 2] > eye[2] + wearer.eye_radius + 0.004).all()
    skin = wearer.points[~wearer.ears]
    normals = wearer.normals[~wearer.ears]
    for thing in worn.values():
        if thing.label == Label.GLASSES:
            _, nearest = cKDTree(skin).query(thing.points)
            height = ((thing.points - skin[nearest]) * normals[nearest]).sum(1)
            assert (height > -0.002).mean() > 0.97, thing.name


@pytest.mark.parametrize("name", HATS)
def test_hair_does_not_come_through_a_hat(assets, renderer, name):
    head = make_head(6, assets, CURLY, Wardrobe(hat=_hat(name)))
    renderer.load(head)
    for yaw in (0, 90, 180):
        label = renderer.draw(orbit_camera(yaw, size=(SIZE, SIZE))).label
        hat = np.flatnonzero((label == Label.HAT).any(1))
        assert len(hat) > 10
        middle = slice(0, (hat.min() + hat.max()) // 2)
        assert (label[middle] == Label.HAIR).sum() <= 2
    bare = make_head(6, assets, CURLY, Wardrobe())
    assert bare.strands is not None
    assert head.strands is None or len(head.strands.points) < len(bare.strands.points)


@pytest.mark.parametrize("name", HATS)
def test_the_scalp_s_anchors_lie_on_the_hat(assets, renderer, binding, name):
    head = make_head(6, assets, CURLY, Wardrobe(hat=_hat(name)))
    renderer.load(head)
    made = binding.targets(head, renderer)
    on = made.kinds == Kind.HAT
    assert on.sum() > 5000
    assert (made.labels[on] == Label.HAT).all()
    mesh = _surface(head, Label.HAT)
    distance, _ = cKDTree(mesh).query(made.positions[on])
    assert np.quantile(distance, 0.99) < 0.003
    # They cover it: no part of the hat is far from an anchor.
    far, _ = cKDTree(made.positions[on]).query(mesh)
    assert np.quantile(far, 0.95) < 0.012
    assert not (made.kinds[on] == Kind.HAIR).any()


def test_anchors_of_glasses_and_jewellery_lie_on_them(assets, renderer, binding):
    earrings, necklace = JEWELLERY
    wardrobe = Wardrobe(glasses=DARK, earrings=earrings, necklace=necklace)
    head = make_head(3, assets, STYLES[1], wardrobe)
    renderer.load(head)
    made = binding.targets(head, renderer)
    for kind, label, least in (
        (Kind.GLASSES, (Label.GLASSES,), 800),
        (Kind.JEWELLERY, (Label.EARRING, Label.NECKLACE), 150),
    ):
        on = made.kinds == kind
        assert on.sum() > least
        assert set(np.unique(made.labels[on])) == {int(x) for x in label}
        distance, _ = cKDTree(_surface(head, *label)).query(made.positions[on])
        assert distance.max() < 0.0015  # the samples lie a millimetre apart
    lenses = made.colours[made.kinds == Kind.GLASSES].mean()
    skin = made.colours[(made.labels == Label.FACE) & (made.kinds == Kind.SKIN)].mean()
    assert lenses < 0.5 * skin
    assert np.allclose(np.linalg.norm(made.normals, axis=1), 1, atol=1e-3)


def test_clear_lenses_leave_the_eyes_their_anchors(assets, renderer, binding):
    head = make_head(3, assets, STYLES[1], Wardrobe(glasses=CLEAR))
    renderer.load(head)
    made = binding.targets(head, renderer)
    eyes = np.isin(assets.anchors.labels, (Label.LEFT_EYE, Label.RIGHT_EYE))
    assert (made.kinds[eyes] == Kind.SKIN).mean() > 0.9
    assert (made.kinds == Kind.GLASSES).sum() > 300


def test_one_sees_through_clear_lenses(assets, renderer):
    bare = make_head(3, assets, STYLES[1], Wardrobe())
    camera = orbit_camera(size=(SIZE, SIZE))
    renderer.load(bare)
    without = renderer.draw(camera)
    eyes = np.isin(without.label, (Label.LEFT_EYE, Label.RIGHT_EYE))
    shown = {}
    for name, look in (("clear", CLEAR), ("dark", DARK)):
        renderer.load(make_head(3, assets, STYLES[1], Wardrobe(glasses=look)))
        picture = renderer.draw(camera)
        assert (picture.label[eyes] == Label.GLASSES).all()
        shown[name] = np.abs(picture.rgb - without.rgb)[eyes].mean()
    assert shown["clear"] < 0.08 < shown["dark"]


def test_both_layouts_hold_the_same_head(assets, renderer, binding, tmp_path):
    sample = make_sample(12, assets, renderer, binding, 2)
    topology = assets.anchors.topology
    save_neutral(sample, tmp_path / "head_000012", topology)
    save_sample(sample, tmp_path / "head_000013.npz", topology)
    folder, npz = (load_sample(path) for path in list_heads(tmp_path))
    assert folder.keys() == npz.keys()
    for key in folder:
        if key != "rgb":
            same = folder[key] == npz[key]
            assert same if isinstance(same, bool) else same.all(), key
    solid = folder["alpha"] == 255
    assert np.abs(folder["rgb"][solid].astype(int) - npz["rgb"][solid]).max() <= 1
    assert len(set(folder["captions"])) >= 5
    for path in list_heads(tmp_path):
        views, targets = read_head(path)
        assert views.rgb.shape == (2, SIZE, SIZE, 3)
        assert targets.positions.shape == (65536, 3)
    captures = open_source(tmp_path).captures
    assert [capture.person for capture in captures] == ["synthetic-12"]
    loaded = captures[0].load()
    assert loaded.aligned
    for view, wanted in zip(loaded.views, sample.views, strict=True):
        assert np.allclose(view.camera.world_to_camera, wanted.camera.world_to_camera)


def test_a_killed_generator_s_head_is_skipped(assets, renderer, binding, tmp_path):
    save_neutral(make_sample(12, assets, renderer, binding, 1), tmp_path / "head_000012", "t")
    (tmp_path / "head_000012" / "images" / "000.png").write_bytes(b"cut off")
    (path,) = list_heads(tmp_path)
    assert read_head(path) is None
    (tmp_path / "head_000012" / "cameras.json").unlink()
    assert list_heads(tmp_path) == []
