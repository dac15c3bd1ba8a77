"""Anchors of hair: found in their direction, spread by the surface that is seen."""

import numpy as np
import pytest

from training.synthetic.hair_anchors import HairCloud
from training.synthetic.worn_anchors import capsule_map


def _curtain(bottom: float, count: int = 60000) -> np.ndarray:
    """Hair all round a head, from its crown down to a height, 0.12 m from the axis."""
    rng = np.random.default_rng(0)
    around, height = rng.uniform(0, 2 * np.pi, count), rng.uniform(bottom, 0.15, count)
    across = np.sqrt(np.maximum(0.12**2 - np.maximum(height - 0.03, 0) ** 2, 0))
    points = [across * np.sin(around), height, -0.03 + across * np.cos(around)]
    return np.stack(points, 1).astype(np.float32)


def _anchors(count: int = 4000) -> np.ndarray:
    """Skin points 0.08 m from the axis, most of them on the crown."""
    rng = np.random.default_rng(1)
    around, down = rng.uniform(0, 2 * np.pi, count), rng.uniform(0.1, 1.6, count)
    down[::8] = rng.uniform(1.6, 3.5, len(down[::8]))
    polar = np.minimum(down, np.pi / 2)
    height = 0.03 + 0.08 * np.cos(polar) - 0.08 * np.maximum(down - np.pi / 2, 0)
    points = [0.08 * np.sin(polar) * np.sin(around), height]
    return np.stack([*points, -0.03 + 0.08 * np.sin(polar) * np.cos(around)], 1).astype(np.float32)


def _of(points: np.ndarray, tones: np.ndarray, area: float = 1e-4) -> HairCloud:
    """Hair that hangs down; each point hides `area` m2."""
    down = np.tile(np.array([[0, -1, 0]], np.float32), (len(points), 1))
    return HairCloud(points, tones, down, np.full(len(points), area, np.float32))


def _cloud(points: np.ndarray) -> HairCloud:
    return _of(points, np.full((len(points), 3), 0.4, np.float32))


def test_without_a_share_directions_stay():
    maps, _, _ = capsule_map(_anchors())
    np.testing.assert_allclose(_cloud(_curtain(-0.15)).spread(maps, 0), maps, atol=1e-5)


def test_long_hair_gets_its_anchors_by_area():
    maps, _, _ = capsule_map(_anchors())
    hair = _curtain(-0.15)
    spread = _cloud(hair).spread(maps, 1)
    cylinder = 0.18 * 0.12 * 2 * np.pi
    wanted = cylinder / (cylinder + 2 * np.pi * 0.12**2)
    assert (maps[:, 1] < 0.03).mean() < 0.2
    assert (spread[:, 1] < 0.03).mean() == pytest.approx(wanted, abs=0.08)
    assert spread[:, 1].min() > -0.16
    half = _cloud(hair).spread(maps, 0.5)
    assert (maps[:, 1] < 0.03).mean() < (half[:, 1] < 0.03).mean() < (spread[:, 1] < 0.03).mean()


def test_the_order_from_crown_to_tips_stays():
    around = np.full(60, 1.0)
    polar = np.linspace(0.2, 1.5, 60)
    place = [np.sin(polar) * np.sin(around), np.cos(polar), np.sin(polar) * np.cos(around)]
    points = (np.stack(place, 1) * 0.08 + [0, 0.03, -0.03]).astype(np.float32)
    spread = _cloud(_curtain(-0.15)).spread(capsule_map(points)[0], 1)
    assert (np.diff(spread[:, 1]) < 1e-6).all()


def test_what_is_seen_gives_the_tone():
    outer, inner = _curtain(-0.15), _curtain(-0.15)
    _, axis, radius = capsule_map(inner)
    inner = (axis + (inner - axis) / radius[:, None] * 0.1).astype(np.float32)
    tones = np.repeat(np.array([[0.7] * 3, [0.1] * 3], np.float32), len(outer), axis=0)
    cloud = _of(np.concatenate([outer, inner]), tones)
    asked, _, floor = capsule_map(_anchors(500))
    found = cloud.at(asked, floor, np.ones(len(asked)))
    there = found.count >= 10
    assert there.mean() > 0.5
    assert np.abs(found.tones[there] - 0.7).max() < 0.01
    assert np.abs(found.radii[there] - 0.12).max() < 0.004
    np.testing.assert_allclose(found.directions[there], [[0, -1, 0]] * there.sum(), atol=1e-5)


def test_thin_hair_shows_what_lies_below_it():
    outer, inner = _curtain(-0.15), _curtain(-0.15)
    _, axis, radius = capsule_map(inner)
    inner = (axis + (inner - axis) / radius[:, None] * 0.1).astype(np.float32)
    tones = np.repeat(np.array([[0.7] * 3, [0.1] * 3], np.float32), len(outer), axis=0)
    asked, _, floor = capsule_map(_anchors(500))
    mean = []
    for area in (1e-9, 1e-6, 1e-4):
        found = _of(np.concatenate([outer, inner]), tones, area).at(
            asked, floor, np.ones(len(asked))
        )
        mean.append(found.tones[found.count >= 10].mean())
    assert mean[0] == pytest.approx(0.4, abs=0.05)
    assert mean[0] < mean[1] < mean[2]
