"""What pictures rely on in drawn hairs: true coverage, what hides them, and light inside hair."""

import numpy as np
import pytest

from inference.rendering.camera import orbit_camera
from training.synthetic.fibres import draw_fibres
from training.synthetic.lighting import studio_light
from training.synthetic.strand_light import fill_volume, sample_volume

SIZE = 64


def _line(angle: float, half_width: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A straight hair of 0.2 m in the image plane through the head's centre."""
    along = np.array([np.cos(angle), np.sin(angle), 0.0])
    points = (np.linspace(-0.1, 0.1, 9)[:, None] * along).astype(np.float32)[None]
    return points, np.full((1, 9), half_width, np.float32), np.ones((1, 9, 3), np.float32)


@pytest.mark.parametrize("half_width", [0.0002, 0.001, 0.012])
@pytest.mark.parametrize("angle", [0.0, 0.4, 1.2])
def test_a_hair_covers_its_own_area(angle, half_width):
    camera = orbit_camera(size=(SIZE, SIZE))
    nothing = np.full((SIZE, SIZE), np.inf, np.float32)
    drawn = draw_fibres(*_line(angle, half_width), camera, nothing, nothing < 0)
    ends, _ = camera.project(_line(angle, half_width)[0][0, [0, -1]].astype(np.float64))
    length = np.linalg.norm(ends[1] - ends[0])
    wanted = length * 2 * half_width / 0.2 * length
    assert (1 - drawn.through).sum() == pytest.approx(wanted, rel=0.12)
    assert np.allclose(drawn.rgb[..., 0], 1 - drawn.through, atol=1e-5)


def test_what_is_nearer_hides_a_hair_but_not_its_soft_edge():
    camera = orbit_camera(size=(SIZE, SIZE))
    wall = np.full((SIZE, SIZE), 0.2, np.float32)
    partly = np.zeros((SIZE, SIZE), bool)
    partly[:, SIZE // 2 :] = True
    drawn = draw_fibres(*_line(0.1, 0.004), camera, wall, partly)
    assert (drawn.through == 1).all()
    assert drawn.back[:, SIZE // 2 :, 3].max() > 0.5
    assert (drawn.back[:, : SIZE // 2] == 0).all()


def test_light_fades_inside_hair_and_is_whole_outside():
    rng = np.random.default_rng(0)
    roots = rng.normal(0, 0.015, (4000, 1, 3)) + np.array([0.12, 0.05, -0.03])
    points = (roots + np.linspace(0, 0.02, 4)[:, None] * np.array([0, 1, 0])).astype(np.float32)
    widths = np.full(points.shape[:2], 0.0005, np.float32)
    light = studio_light(rng)
    solid = np.zeros((60, 73, 58), bool)
    volume = fill_volume(points, widths, 0.02, light, solid)
    where = np.array([[0.12, 0.06, -0.03], [0.12, 0.22, -0.03]], np.float32)
    inside, outside = sample_volume(where, volume.passed)[:, :-1].mean(1)
    assert outside > 0.9
    assert inside < 0.5 * outside
