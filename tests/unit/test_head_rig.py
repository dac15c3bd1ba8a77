"""What callers of the head rig rely on."""

import numpy as np
import pytest

from inference.errors import InvalidModelError
from inference.head.rig import Rig

FACE, UPPER_LIP, LOWER_LIP = 2, 13, 12


@pytest.fixture(scope="module")
def rig():
    return Rig.load()


def test_without_morphs_it_is_the_template(rig, template):
    assert rig.topology == template.topology
    distance = np.linalg.norm(rig.anchors() - template.anchors, axis=1)
    assert distance.max() < 5e-5


def test_it_has_identities_and_the_52_expressions(rig):
    assert len(rig.expression_names) == 52
    assert {"jawOpen", "eyeBlinkLeft", "mouthSmileRight"} <= set(rig.expression_names)
    assert len(rig.identity_names) > 400
    assert not set(rig.identity_names) & set(rig.expression_names)


def test_opening_the_jaw_parts_the_lips_and_leaves_the_skull(rig, template):
    move = rig.anchors(None, {"jawOpen": 1.0}) - template.anchors
    assert move[template.labels == LOWER_LIP, 1].mean() < -0.008
    middle = (template.labels == UPPER_LIP) & (np.abs(template.anchors[:, 0]) < 0.01)
    assert abs(move[middle, 1].mean()) < 0.003
    assert np.abs(move[template.anchors[:, 1] > 0.06]).max() < 1e-4


def test_expressions_are_named_by_the_persons_side(rig, template):
    move = np.linalg.norm(rig.anchors(None, {"eyeBlinkLeft": 1.0}) - template.anchors, axis=1)
    move = move * (template.labels == FACE)
    assert move[template.anchors[:, 0] > 0].max() > 0.005
    assert move[template.anchors[:, 0] < -0.01].max() < 0.001


def test_morphs_add_up_linearly(rig):
    base = rig.anchors()
    one = rig.anchors(None, {"mouthPucker": 0.4}) - base
    two = rig.anchors(None, {"browInnerUp": 0.7}) - base
    both = rig.anchors(None, {"mouthPucker": 0.4, "browInnerUp": 0.7}) - base
    assert np.abs(both - one - two).max() < 1e-6


@pytest.mark.parametrize(
    "identity", [{}, {"macro/african-male-old": 1.0}, {"macro/asian-female-young": 1.0}]
)
def test_every_identity_has_its_mid_eye_at_the_same_place(rig, template, identity):
    anchors = rig.anchors(identity)
    eyes = anchors[np.isin(template.labels, [8, 9])]
    assert abs(eyes[:, 0].mean()) < 0.002
    assert abs(eyes[:, 1].mean() - 0.03) < 0.002
    assert np.linalg.norm(anchors - template.anchors, axis=1).max() > 0.003


def test_an_unknown_morph_is_an_error(rig):
    with pytest.raises(KeyError, match="noseOfClown"):
        rig.anchors(None, {"noseOfClown": 1.0})


def test_a_damaged_rig_is_told(tmp_path):
    (tmp_path / "rig.npz").write_bytes(b"PK\x03\x04 no rig")
    with pytest.raises(InvalidModelError, match="install PercHead again"):
        Rig.load(tmp_path / "rig.npz")
    np.savez(tmp_path / "other.npz", vertices=np.zeros((3, 3)))
    with pytest.raises(InvalidModelError, match="install PercHead again"):
        Rig.load(tmp_path / "other.npz")
