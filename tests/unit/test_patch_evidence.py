"""What patches are seen on: outlines, colours, what hides them, in the camera's axes."""

from dataclasses import replace

import pytest
import torch

from inference.model.config import LowRankConfig, PixelAlignedConfig
from inference.model.patch_evidence import (
    SeenPatches,
    Viewpoint,
    camera_axes,
    evidence_width,
    front_of,
    hidden_by,
    patch_evidence,
    projected,
)
from inference.model.picture_maps import PictureMaps

CONFIG, LOW_RANK, PER_PATCH = PixelAlignedConfig(reduced=5), LowRankConfig(classes=2), 16
STRAIGHT = torch.tensor([[0.5, 0, 0, 0, 0, -0.5, 0, 0]])  # 2 decimetres to either side


@pytest.fixture
def maps():
    generator = torch.Generator().manual_seed(0)
    layers = [torch.rand(1, c, 12, 12, generator=generator) for c in (3, 2, 5, 4)]
    return PictureMaps(*layers)


def seen_from(pose, maps, places):
    axes = camera_axes(pose)
    return Viewpoint(pose, axes, front_of(pose, axes, places, CONFIG.cells), maps)


def patches(seed=1, count=7):
    generator = torch.Generator().manual_seed(seed)
    places = torch.randn(1, count, PER_PATCH, 3, generator=generator) * 0.05
    normals = torch.randn(count, PER_PATCH, 3, generator=generator)
    return SeenPatches(places, normals)


def evidence(view, own, mirrored):
    anchors = own.places[0] * 0.9
    covered = torch.full(own.places.shape[:3], 0.25)
    return patch_evidence(view, own, mirrored, anchors, covered, CONFIG.rings)


def quarter_turn():
    """About the vertical: what faced the front faces the person's left."""
    return torch.tensor([[0, 0, 1.0], [0, 1, 0], [-1, 0, 0]])


def test_the_axes_are_those_of_the_camera():
    axes = camera_axes(STRAIGHT)
    torch.testing.assert_close(axes[0], torch.eye(3))
    turned = torch.cat(
        [STRAIGHT.view(1, 2, 4)[..., :3] @ quarter_turn().T, torch.zeros(1, 2, 1)], 2
    )
    axes = camera_axes(turned.flatten(1))
    torch.testing.assert_close(axes[0, 2], torch.tensor([1.0, 0, 0]))
    torch.testing.assert_close(axes[0] @ axes[0].T, torch.eye(3))


def test_what_lies_before_a_point_hides_it_by_its_distance(maps):
    wall = torch.tensor(
        [[[x / 250, y / 250, 0.05] for x in range(-25, 26) for y in range(-25, 26)]]
    )
    behind = torch.tensor([[[0.03, 0.01, -0.04]]])
    view = seen_from(STRAIGHT, maps, torch.cat([wall, behind], 1))
    torch.testing.assert_close(
        hidden_by(view, behind, projected(STRAIGHT, behind)), torch.tensor([[[0.9, 0.9]]])
    )
    inner = wall[:, (wall[0, :, :2].abs() < 0.085).all(1)]
    assert inner.shape[1] > 1000
    torch.testing.assert_close(
        hidden_by(view, inner, projected(STRAIGHT, inner)), torch.zeros(1, inner.shape[1], 2)
    )


def test_every_patch_has_as_many_numbers_as_promised(maps):
    own, mirrored = patches(1), patches(2)
    view = seen_from(STRAIGHT, maps, own.places.flatten(1, 2))
    found = evidence(view, own, mirrored)
    assert found.shape == (1, 7, evidence_width(CONFIG, LOW_RANK, PER_PATCH))
    assert found.isfinite().all()


def test_patches_see_the_same_when_head_and_camera_turn_together(maps):
    own, mirrored = patches(1), patches(2)
    turn = quarter_turn()
    rows = torch.cat([STRAIGHT.view(1, 2, 4)[..., :3] @ turn.T, torch.zeros(1, 2, 1)], 2)
    pose = rows.flatten(1)
    turned = [SeenPatches(p.places @ turn.T, p.normals @ turn.T) for p in (own, mirrored)]
    straight = evidence(seen_from(STRAIGHT, maps, own.places.flatten(1, 2)), own, mirrored)
    other = evidence(seen_from(pose, maps, turned[0].places.flatten(1, 2)), *turned)
    # The middle and the template's place are told in the world: 3 and 15 numbers before `covered`.
    split = straight.shape[2] - PER_PATCH - 18
    torch.testing.assert_close(straight[..., :split], other[..., :split], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(straight[..., split:], other[..., split:])


def test_patches_look_on_rings_around_their_middle(maps):
    own = patches(1)
    blank = replace(maps, outline=torch.zeros(1, 3, 200, 200))
    middle = projected(STRAIGHT, own.places.mean(2))[0, 0]
    right = middle + torch.tensor([CONFIG.rings[0], 0])
    column, row = ((right + 1) / 2 * 200).long().tolist()
    blank.outline[0, :, row - 2 : row + 3, column - 2 : column + 3] = 1
    view = seen_from(STRAIGHT, blank, own.places.flatten(1, 2))
    seen = evidence(view, own, patches(2))[0, 0]
    points = seen[: 9 * 6].unflatten(0, (9, 6))  # three outlines, two classes, coverage
    torch.testing.assert_close(points[1, :3], torch.ones(3))
    assert not points[0, :3].any()
