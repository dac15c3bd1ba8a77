"""Anchors drawn as splats: closed surfaces, flat discs, and thin things that stay thin."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from inference.rendering.camera import orbit_camera
from inference.rendering.portable.renderer import PortableRenderer
from training.anchors.data import GLASSES, HAIR, JEWELLERY, SKIN, HeadTargets, mirrored_targets
from training.anchors.target_splats import SplatRule, splats_of_targets

RADIUS = 0.08


def _ball(count: int, radius: float, shade: int, known_normals: bool = True) -> HeadTargets:
    """Evenly spread points on a sphere about the origin."""
    k = np.arange(count) + 0.5
    polar, around = np.arccos(1 - 2 * k / count), k * np.pi * (1 + 5**0.5)
    outward = np.stack(
        [np.sin(polar) * np.cos(around), np.cos(polar), np.sin(polar) * np.sin(around)], 1
    )
    return HeadTargets(
        (outward * radius).astype(np.float16),
        np.full((count, 3), shade, np.uint8),
        np.full(count, SKIN, np.uint8),
        np.round(outward * 127).astype(np.int8) if known_normals else None,
    )


def _joined(first: HeadTargets, second: HeadTargets) -> HeadTargets:
    assert first.normals is not None
    assert second.normals is not None
    return HeadTargets(
        np.concatenate([first.positions, second.positions]),
        np.concatenate([first.colours, second.colours]),
        np.concatenate([first.kind, second.kind]),
        np.concatenate([first.normals, second.normals]),
    )


def test_what_lies_behind_a_surface_does_not_show_through():
    outer, inner = _ball(9000, RADIUS, 200), _ball(3000, 0.9 * RADIUS, 0)
    renderer = PortableRenderer(1)
    frame = renderer.render(splats_of_targets(_joined(outer, inner)), orbit_camera(size=(128, 128)))
    alone = renderer.render(splats_of_targets(outer), orbit_camera(size=(128, 128)))
    renderer.close()
    inside = alone.alpha > 0.99
    assert inside.mean() > 0.1
    assert frame.colour[inside].mean() > 0.96 * 200 / 255
    # The rim is sharp: few pixels are neither head nor background.
    assert ((alone.alpha > 0.1) & (alone.alpha < 0.9)).sum() < 0.06 * inside.sum()


@pytest.mark.parametrize("known_normals", [True, False])
def test_discs_lie_in_their_surface(known_normals):
    targets = _ball(4000, RADIUS, 128, known_normals)
    splats = splats_of_targets(targets)
    outward = splats.means / np.linalg.norm(splats.means, axis=1, keepdims=True)
    short = Rotation.from_quat(np.roll(splats.quaternions, -1, axis=1)).as_matrix()[:, :, 0]
    assert np.abs((short * outward).sum(1)).min() > 0.98
    assert (splats.scales[:, 0] < 0.45 * splats.scales[:, 1:].min(1)).all()
    spacing = np.sqrt(4 * np.pi * RADIUS**2 / len(splats))
    assert splats.scales[:, 1:].mean() == pytest.approx(0.65 * spacing, rel=0.15)


def test_a_thing_on_the_skin_is_thin_and_does_not_change_the_skin():
    skin = _ball(9000, RADIUS, 200)
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    outward = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    ring = HeadTargets(
        (outward * 1.01 * RADIUS).astype(np.float16),
        np.zeros((200, 3), np.uint8),
        np.full(200, GLASSES, np.uint8),
        np.round(outward * 127).astype(np.int8),
    )
    both = splats_of_targets(_joined(skin, ring))
    np.testing.assert_array_equal(both.scales[:9000], splats_of_targets(skin).scales)
    rule = SplatRule()
    assert both.scales[9000:].max() <= rule.largest[GLASSES] + 1e-7
    step = 2 * np.pi * 1.01 * RADIUS / 200
    across = np.sort(both.scales[9000:], axis=1)[:, 1]
    assert (across < 0.6 * step).all()


def test_a_lone_anchor_is_small_and_whole():
    lone = HeadTargets(
        np.array([[0, 0.03, 0.05]], np.float16),
        np.full((1, 3), 255, np.uint8),
        np.array([JEWELLERY], np.uint8),
        np.array([[0, 0, 127]], np.int8),
    )
    splats = splats_of_targets(_joined(_ball(100, RADIUS, 0), lone))
    assert 0 < splats.scales[-1].max() < 1e-4


def test_hair_lies_along_its_strands():
    ball = _ball(4000, RADIUS, 128)
    assert ball.normals is not None
    outward = ball.normals.astype(np.float64) / 127
    down = np.array([0.0, -1.0, 0.0]) + outward * outward[:, 1:2]
    down /= np.linalg.norm(down, axis=1, keepdims=True)
    hair = replace(
        ball, kind=np.full(4000, HAIR, np.uint8), directions=np.round(down * 127).astype(np.int8)
    )
    splats = splats_of_targets(hair)
    turns = Rotation.from_quat(np.roll(splats.quaternions, -1, axis=1)).as_matrix()
    assert np.abs((turns[:, :, 0] * outward).sum(1)).min() > 0.98
    assert np.abs((turns[:, :, 1] * down).sum(1)).min() > 0.98
    rule = SplatRule()
    longer = splats.scales[:, 1] / splats.scales[:, 2]
    assert np.median(longer) == pytest.approx(rule.hair_along / rule.hair_across, rel=0.2)
    assert (splats.scales > 0).all()


def test_a_disc_lies_a_little_below_its_surface():
    splats = splats_of_targets(_ball(4000, RADIUS, 128))
    depth = RADIUS - np.linalg.norm(splats.means, axis=1)
    np.testing.assert_allclose(depth, SplatRule().inset[SKIN], atol=1e-4)


def test_a_mirrored_head_is_drawn_mirrored():
    targets = _ball(500, RADIUS, 50)
    same = np.arange(500, dtype=np.int32)
    mirrored = splats_of_targets(mirrored_targets(targets, same))
    splats = splats_of_targets(targets)
    np.testing.assert_allclose(mirrored.means, splats.means * [-1, 1, 1], atol=1e-7)
    np.testing.assert_allclose(mirrored.scales, splats.scales, rtol=1e-3)
