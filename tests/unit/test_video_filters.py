"""Smoothing of crops and heads, gaps, and which frame each picture shows."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.head.gaussians import Gaussians
from inference.video.crop_path import MAX_GAP, make_crop_path
from inference.video.one_euro import OneEuro, smooth_both_ways
from inference.video.schedule import make_schedule
from inference.video.settings import CameraMove, HeadVideo, Smoothing
from inference.video.temporal_filter import TemporalFilter
from inference.video.time_left import TimeLeft, duration

FPS = 25


def track_of(centres, missing=(), fps=FPS, side=100.0):
    """Rows of a face that moves along x."""
    rows = np.zeros((len(centres), 8))
    rows[:, 0] = np.arange(len(centres)) / fps
    rows[:, 1], rows[:, 2], rows[:, 3] = centres, 50, side
    for first, end in missing:
        rows[first:end, 1:] = np.nan
    return rows


def head(means, colour=0.5, patches=4) -> Gaussians:
    """Patches of 16 Gaussians around the given places [patches, 3]."""
    count = 16 * patches
    spread = np.random.default_rng(0).normal(0, 0.003, (count, 3))
    places = np.repeat(np.broadcast_to(means, (patches, 3)), 16, axis=0) + spread
    return Gaussians(
        places.astype(np.float32),
        np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)),
        np.full((count, 3), 0.004, np.float32),
        np.full(count, 0.9, np.float32),
        np.full((count, 3), colour, np.float32),
    )


def filtered(places, smoothing, fps=FPS) -> np.ndarray:
    """Mean place of the filtered heads, [N, 3]."""
    temporal = TemporalFilter(smoothing)
    return np.array([temporal.step(head(p), 1 / fps).means.mean(0) for p in places])


def lag_in_frames(signal, response) -> float:
    """By how much the response comes later, where the two agree best."""
    frames = np.arange(len(signal))
    shifts = np.arange(-1, 6, 0.05)
    late = [np.interp(frames - shift, frames, signal)[10:] for shift in shifts]
    return float(shifts[np.argmax([np.corrcoef(one, response[10:])[0, 1] for one in late])])


# Crops


def test_crops_that_tremble_stand_still_and_are_not_late():
    rng = np.random.default_rng(0)
    trembling = 80 + rng.normal(0, 0.5, 200)
    steady = make_crop_path(track_of(trembling), FPS).crops[:, 0]
    assert np.abs(np.diff(steady)).mean() < 0.2 * np.abs(np.diff(trembling)).mean()
    ramp = 80 + 2.0 * np.arange(200)  # half a crop a second
    followed = make_crop_path(track_of(ramp + rng.normal(0, 0.5, 200)), FPS).crops[:, 0]
    assert np.abs(followed - ramp)[20:-20].max() < 2.0  # within a frame's way, both ways


@given(st.integers(1, 60), st.floats(-500, 500), st.floats(1, 4000))
@settings(max_examples=30, deadline=None)
def test_a_crop_that_never_moves_is_left_alone(count, centre, side):
    path = make_crop_path(track_of(np.full(count, centre), side=side), FPS)
    assert path.crops == pytest.approx(np.tile([centre, 50, side], (count, 1)), rel=1e-9, abs=1e-9)


def test_a_short_gap_holds_the_last_crop_and_a_long_one_is_left_out():
    long = round(2 * MAX_GAP * FPS)
    track = track_of(np.full(100, 80.0), missing=[(20, 25), (50, 50 + long)])
    path = make_crop_path(track, FPS)
    assert path.crops[20:25, 0] == pytest.approx(80)
    assert [(gap.start, gap.end) for gap in path.held] == [(0.8, 1.0)]
    assert [(gap.start, gap.end) for gap in path.skipped] == [(2.0, pytest.approx(2 + 2 * MAX_GAP))]
    assert not path.usable[50 : 50 + long].any()
    assert path.usable.sum() == 100 - long
    assert path.scene[50 + long] == path.scene[49] + 1  # the filter begins anew


def test_a_cut_of_the_film_is_not_smoothed_over():
    path = make_crop_path(track_of(np.repeat([80.0, 400.0], 30)), FPS)
    assert path.crops[29, 0] == pytest.approx(80)
    assert path.crops[30, 0] == pytest.approx(400)
    assert path.scene[30] == path.scene[29] + 1


def test_without_any_face_nothing_is_usable():
    path = make_crop_path(track_of(np.zeros(5), missing=[(0, 5)]), FPS)
    assert not path.usable.any()
    assert len(make_schedule(path, Fraction(25), Fraction(25))) == 0


def test_filtering_both_ways_does_not_depend_on_the_direction():
    rng = np.random.default_rng(1)
    values, times = rng.normal(0, 1, (50, 3)), np.cumsum(rng.uniform(0.01, 0.1, 50))
    constants = OneEuro(1.0, 2.0)
    there = smooth_both_ways(values, times, constants)
    back = smooth_both_ways(values[::-1], -times[::-1], constants)[::-1]
    assert there == pytest.approx(back)


# Schedule


@given(st.integers(1, 200), st.sampled_from([24, 25, 30, 50, Fraction(30000, 1001)]))
@settings(max_examples=40, deadline=None)
def test_at_its_own_rate_every_frame_is_shown_once(count, fps):
    path = make_crop_path(track_of(np.full(count, 80.0), fps=float(fps)), float(fps))
    schedule = make_schedule(path, Fraction(fps), Fraction(fps))
    assert schedule.sources.tolist() == list(range(count))


def test_a_variable_rate_keeps_its_times():
    track = track_of(np.full(4, 80.0))
    track[:, 0] = [0, 0.04, 0.48, 0.52]
    schedule = make_schedule(make_crop_path(track, 25), Fraction(25), Fraction(25))
    assert len(schedule) == 14
    # Each picture shows the frame nearest in time: frame 1 up to the middle of its long wait.
    assert schedule.sources.tolist() == [0] + [1] * 6 + [2] * 6 + [3]


def test_fewer_pictures_a_second_leave_frames_out():
    path = make_crop_path(track_of(np.full(50, 80.0)), FPS)
    schedule = make_schedule(path, Fraction(25), HeadVideo(fps=5).rate(Fraction(25)))
    assert schedule.sources.tolist() == list(range(0, 50, 5))


# Heads


def test_trembling_is_at_least_halved_and_strong_is_stronger():
    rng = np.random.default_rng(2)
    places = rng.normal(0, 0.0008, (150, 4, 3))
    flicker = {
        strength: np.abs(np.diff(filtered(places, strength)[10:], axis=0)).mean()
        for strength in Smoothing
    }
    assert flicker[Smoothing.NORMAL] < 0.5 * flicker[Smoothing.OFF]
    assert flicker[Smoothing.STRONG] < 0.6 * flicker[Smoothing.NORMAL]


@pytest.mark.parametrize("hertz", [1.0, 2.0, 3.0])
def test_a_moving_mouth_is_followed_within_a_frame(hertz):
    """5 mm to and fro, as lips move, under the network's usual trembling of 0.8 mm."""
    rng = np.random.default_rng(3)
    way = 0.005 * np.sin(2 * np.pi * hertz * np.arange(75) / FPS)
    places = rng.normal(0, 0.0008, (75, 4, 3))
    places[:, :, 1] += way[:, None]
    followed = filtered(places, Smoothing.NORMAL)[:, 1]
    assert lag_in_frames(way, followed) <= 1.0
    assert np.ptp(followed[25:]) > 0.7 * 0.01


def test_off_changes_nothing():
    temporal = TemporalFilter(Smoothing.OFF)
    for place in ([0, 0, 0], [0.01, 0, 0]):
        made = head(np.array(place))
        assert temporal.step(made, 0.04) is made


def test_after_a_cut_the_new_head_is_there_at_once():
    temporal = TemporalFilter(Smoothing.STRONG)
    temporal.step(head(np.zeros(3)), 0.04)
    temporal.reset()
    other = head(np.array([0.05, 0, 0]), colour=0.1)
    assert np.array_equal(temporal.step(other, 0.04).means, other.means)


def test_a_filter_goes_on_from_its_state_bit_for_bit():
    rng = np.random.default_rng(4)
    heads = [head(rng.normal(0, 0.001, (4, 3)), rng.uniform(0.4, 0.6)) for _ in range(20)]
    whole, first, second = (TemporalFilter(Smoothing.NORMAL) for _ in range(3))
    expected = [whole.step(one, 0.04) for one in heads][-1]
    for one in heads[:9]:
        first.step(one, 0.04)
    second.restore(first.state())
    got = [second.step(one, 0.04) for one in heads[9:]][-1]
    assert np.array_equal(got.means, expected.means)
    assert np.array_equal(got.colours, expected.colours)


def test_opposite_quaternions_of_one_rotation_do_not_cancel():
    made = head(np.zeros(3))
    turned = Gaussians(made.means, -made.quaternions, made.scales, made.opacities, made.colours)
    temporal = TemporalFilter(Smoothing.NORMAL)
    temporal.step(made, 0.04)
    result = temporal.step(turned, 0.04)
    assert np.abs(result.quaternions[:, 0]) == pytest.approx(1)


# Cameras and words


def test_the_camera_swings_turns_or_stays():
    def side(camera):
        return camera.position[0]

    swing = HeadVideo(turn_seconds=4)
    assert side(swing.camera(0)) == pytest.approx(0, abs=1e-9)
    assert side(swing.camera(1)) == pytest.approx(-side(swing.camera(3)))
    orbit = HeadVideo(move=CameraMove.ORBIT, turn_seconds=4)
    assert np.allclose(orbit.camera(4).world_to_camera, orbit.camera(0).world_to_camera)
    assert orbit.camera(2).position[2] < -0.5  # behind the head
    fixed = HeadVideo(move=CameraMove.FIXED, yaw=30, size=333)
    assert np.allclose(fixed.camera(3).world_to_camera, fixed.camera(0).world_to_camera)
    assert fixed.camera(0).width == 334


def test_the_time_left_is_said_in_round_figures():
    now = [0.0]
    left = TimeLeft(0.2, clock=lambda: now[0])
    now[0] = 1.0
    assert left.words(0.21) == ""
    now[0] = 60.0
    assert left.words(0.4) == "3 min left"
    assert [duration(s) for s in (3, 42, 61, 3599, 7500)] == [
        "5 s",
        "40 s",
        "1 min",
        "1 h 00 min",
        "2 h 05 min",
    ]
