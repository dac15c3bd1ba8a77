"""Morphing one head into another, and the video of it."""

from pathlib import Path

import av
import numpy as np
import pytest

from inference.errors import UsageError
from inference.export.transition import HOLD, transition_share, write_transition_video
from inference.export.video import OrbitVideo
from inference.head.between import gaussians_between
from inference.head.gaussians import Gaussians
from inference.progress import Cancelled, CancelToken
from inference.rendering.camera import HEAD_CENTRE
from inference.rendering.selection import choose_renderer


def cloud(seed: int, colour: tuple[float, float, float], count: int = 300) -> Gaussians:
    """A ball of one colour in the middle of the head."""
    random = np.random.default_rng(seed)
    quaternions = random.standard_normal((count, 4))
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    return Gaussians(
        np.array(HEAD_CENTRE) + random.normal(0, 0.02, (count, 3)),
        quaternions,
        random.uniform(0.004, 0.02, (count, 3)),
        random.uniform(0.5, 1, count),
        np.tile(np.array(colour, np.float32), (count, 1)),
    )


RED, BLUE = cloud(0, (0.9, 0.1, 0.1)), cloud(1, (0.1, 0.1, 0.9))


def rotations(quaternions: np.ndarray) -> np.ndarray:
    w, x, y, z = quaternions.astype(np.float64).T
    return np.stack(
        [
            1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
        ],
        axis=1,
    ).reshape(-1, 3, 3)  # fmt: skip


def angle(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    turned = np.einsum("nji,njk->nik", rotations(first), rotations(second))
    cosine = (np.trace(turned, axis1=1, axis2=2) - 1) / 2
    return np.arccos(np.clip(cosine, -1, 1))


def test_the_ends_are_the_heads_themselves():
    assert gaussians_between(RED, BLUE, 0.0) is RED
    assert gaussians_between(RED, BLUE, 1.0) is BLUE


def test_positions_colours_and_opacities_go_straight_and_sizes_by_their_ratio():
    there = gaussians_between(RED, BLUE, 0.25)
    for name in ("means", "colours", "opacities"):
        expected = 0.75 * getattr(RED, name) + 0.25 * getattr(BLUE, name)
        np.testing.assert_allclose(getattr(there, name), expected, atol=1e-6)
    expected = RED.scales**0.75 * BLUE.scales**0.25
    np.testing.assert_allclose(there.scales, expected, rtol=1e-4)


def test_orientations_turn_evenly_and_the_shorter_way():
    half = gaussians_between(RED, BLUE, 0.5).quaternions
    whole = angle(RED.quaternions, BLUE.quaternions)
    np.testing.assert_allclose(angle(RED.quaternions, half), whole / 2, atol=2e-3)
    np.testing.assert_allclose(angle(half, BLUE.quaternions), whole / 2, atol=2e-3)


def test_the_sign_of_a_quaternion_means_nothing():
    flipped = Gaussians(RED.means, -RED.quaternions, RED.scales, RED.opacities, RED.colours)
    half = gaussians_between(RED, flipped, 0.5)
    assert angle(RED.quaternions, half.quaternions).max() < 2e-3


def test_heads_of_other_sizes_do_not_match():
    with pytest.raises(UsageError, match="do not match"):
        gaussians_between(RED, cloud(2, (1, 1, 1), 10), 0.5)


def test_the_share_rests_at_both_ends_and_never_goes_back():
    ride = OrbitVideo(seconds=4, fps=25)
    shares = [transition_share(ride, index) for index in range(ride.frames)]
    assert shares[0] == shares[int(HOLD * 100) - 1] == 0
    assert shares[-1] == shares[-int(HOLD * 100)] == 1
    assert (np.diff(shares) >= 0).all()
    assert np.abs(np.diff(shares)).max() < 0.03
    loop = OrbitVideo(seconds=4, fps=25, ping_pong=True)
    shares = [transition_share(loop, index) for index in range(loop.frames)]
    assert shares[0] == 0
    assert shares[50] == 1
    np.testing.assert_allclose(shares[1:50], shares[:50:-1], atol=1e-12)


def test_the_video_plays_and_goes_from_the_first_head_to_the_second(tmp_path):
    path = tmp_path / "morph.mp4"
    ride = OrbitVideo(seconds=1, fps=10, size=64)
    told = []
    write_transition_video(
        choose_renderer(), RED, BLUE, ride, path, progress=lambda *step: told.append(step)
    )
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 10
    middle = [frame[24:40, 24:40].mean((0, 1)) for frame in frames]
    assert middle[0][0] > middle[0][2] + 60
    assert middle[-1][2] > middle[-1][0] + 60
    assert told[-1][1] == 1.0


def test_heads_that_do_not_match_and_a_cancel_leave_no_file(tmp_path):
    path = tmp_path / "morph.mp4"
    ride = OrbitVideo(seconds=1, fps=10, size=64)
    with pytest.raises(UsageError):
        write_transition_video(choose_renderer(), RED, cloud(2, (1, 1, 1), 10), ride, path)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        write_transition_video(choose_renderer(), RED, BLUE, ride, path, cancel=token)
    assert list(tmp_path.iterdir()) == []


SIDES = {0: (1, 0, 0), 90: (0, 1, 0), 180: (0, 0, 1), 270: (1, 1, 0)}
"""Colour of the side that a camera at this yaw sees: red front, green left, blue back."""


def painted_ball(brightness: float) -> Gaussians:
    """A ball in the middle of the head, each of its four sides in a colour of its own."""
    random = np.random.default_rng(2)
    directions = random.standard_normal((600, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    yaw = np.degrees(np.arctan2(directions[:, 0], directions[:, 2]))
    side = np.round(yaw / 90).astype(int) % 4 * 90
    colours = np.array([SIDES[degrees] for degrees in side], np.float32)
    return Gaussians(
        np.array(HEAD_CENTRE) + 0.06 * directions,
        np.tile(np.array([1, 0, 0, 0], np.float32), (600, 1)),
        np.full((600, 3), 0.006),
        np.full(600, 0.95),
        brightness * colours,
    )


def seen_in_the_middle(degrees: float, ping_pong: bool, path: Path) -> list[tuple[int, float]]:
    """What a transition from a dark to a bright ball shows in its first, middle, last picture.

    Returns:
        For each the yaw of the side whose colour it shows, and how bright that is, 0..1.
    """
    ride = OrbitVideo(degrees=degrees, seconds=1, fps=9, size=64, ping_pong=ping_pong)
    write_transition_video(
        choose_renderer(), painted_ball(0.4), painted_ball(1.0), ride, path, (0.0, 0.0, 0.0)
    )
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 9
    seen = []
    for index in (0, 4, 8):
        colour = frames[index][29:35, 29:35].mean((0, 1)) / 255
        likeness = {yaw: np.dot(colour, side) / np.linalg.norm(side) for yaw, side in SIDES.items()}
        seen.append((max(likeness, key=likeness.get), float(colour.max())))
    return seen


@pytest.mark.parametrize(
    ("degrees", "ping_pong", "sides"),
    [
        (0, False, [0, 0, 0]),
        (180, False, [0, 90, 180]),
        (-180, False, [0, 270, 180]),
        (180, True, [0, 180, 0]),
    ],
)
def test_the_camera_rides_around_the_head_while_it_changes(tmp_path, degrees, ping_pong, sides):
    seen = seen_in_the_middle(degrees, ping_pong, tmp_path / "morph.mp4")
    assert [side for side, _ in seen] == sides
    first, middle, last = (brightness for _, brightness in seen)
    if ping_pong:
        assert first + 0.3 < middle  # bright half-way, dark again where it loops
    else:
        assert first + 0.15 < middle < last - 0.15
