"""Which views are asked for: near the input (novel) or on its other side (extreme).

Section 4.1: for extreme views the input's opposing horizontal view is rendered; appendix C.2:
on NeRSemble also from below to above and the reverse. Numbers of novel views are those of the
paper's first version. What it leaves open is our choice and says so.
"""

from dataclasses import dataclass

import numpy as np

from inference.rendering.camera import Camera, orbit_angles


@dataclass(frozen=True)
class ViewProtocol:
    """Inputs and targets of one data set. Angles in degrees.

    Attributes:
        name: for the tables.
        novel_views: targets near each input, at most.
        extreme_views: targets on the other side, at most (our choice).
        vertical: whether from below to above counts as extreme too.
        inputs: input views of each subject (our choice).
        widest_input: inputs lie within this yaw of the front.
        novel_within: a novel view's yaw differs from the input's by at most this (our choice).
        extreme_from: an extreme view's differs by at least this (our choice).
        vertical_from: the same for elevations, where `vertical` (our choice).
    """

    name: str
    novel_views: int
    extreme_views: int = 3
    vertical: bool = False
    inputs: int = 1
    widest_input: float = 75.0
    novel_within: float = 60.0
    extreme_from: float = 60.0
    vertical_from: float = 25.0


AVA256 = ViewProtocol("Ava-256", novel_views=5)
NERSEMBLE = ViewProtocol("NeRSemble", novel_views=16, vertical=True)
HELD_OUT = ViewProtocol("held-out synthetic", novel_views=5)


@dataclass(frozen=True)
class ViewTask:
    """One input and what is asked of its head, as indices of views.

    Attributes:
        input: the view that the model sees.
        novel: nearby views, never the input itself.
        extreme: views from the other side, the nearest to the mirrored input first.
    """

    input: int
    novel: tuple[int, ...]
    extreme: tuple[int, ...]


def yaw_and_elevation(camera: Camera) -> tuple[float, float]:
    """Where a camera stands around the head in degrees, as orbit_camera counts them."""
    return orbit_angles(camera.position)


def angle_between(first: float, second: float) -> float:
    """Unsigned difference of two yaws, 0..180 degrees."""
    return abs((first - second + 180) % 360 - 180)


def select_views(
    cameras: list[Camera], protocol: ViewProtocol, subject_number: int
) -> list[ViewTask]:
    """The tasks of one subject, the same every time.

    Inputs step through the sorted yaws by the golden ratio from subject to subject, so that a
    set of them covers all directions evenly.

    Args:
        cameras: of the subject's views.
        protocol: what is asked.
        subject_number: which subject of the set.

    Returns:
        Tasks that have at least one novel or extreme view; fewer than `protocol.inputs` where
        there are not so many inputs within the allowed yaw.
    """
    places = [yaw_and_elevation(camera) for camera in cameras]
    allowed = [i for i, (yaw, _) in enumerate(places) if abs(yaw) <= protocol.widest_input]
    allowed.sort(key=lambda i: places[i])
    tasks = []
    for number in range(min(protocol.inputs, len(allowed))):
        golden = (subject_number * 0.6180339887 + number / protocol.inputs) % 1
        chosen = allowed[int(golden * len(allowed))]
        task = ViewTask(
            chosen, _novel(places, chosen, protocol), _extreme(places, chosen, protocol)
        )
        if task.novel or task.extreme:
            tasks.append(task)
    return tasks


def _novel(
    places: list[tuple[float, float]], chosen: int, protocol: ViewProtocol
) -> tuple[int, ...]:
    """Evenly spread over the nearby views from the nearest to the furthest."""
    yaw = places[chosen][0]
    near = [
        i
        for i, place in enumerate(places)
        if i != chosen and angle_between(place[0], yaw) <= protocol.novel_within
    ]
    extreme = set(_extreme_candidates(places, chosen, protocol))
    near = sorted((i for i in near if i not in extreme), key=lambda i: places[i])
    if len(near) <= protocol.novel_views:
        return tuple(near)
    picks = np.linspace(0, len(near) - 1, protocol.novel_views).round().astype(int)
    return tuple(near[i] for i in picks)


def _extreme_candidates(
    places: list[tuple[float, float]], chosen: int, protocol: ViewProtocol
) -> list[int]:
    yaw, elevation = places[chosen]
    found = []
    for i, (other_yaw, other_elevation) in enumerate(places):
        across = (
            other_yaw * yaw <= 0
            and abs(other_yaw) <= 90  # the back of the head is neither side
            and angle_between(other_yaw, yaw) >= protocol.extreme_from
        )
        over = (
            protocol.vertical
            and elevation * other_elevation < 0
            and abs(elevation - other_elevation) >= protocol.vertical_from
        )
        if i != chosen and (across or over):
            found.append(i)
    return found


def _extreme(
    places: list[tuple[float, float]], chosen: int, protocol: ViewProtocol
) -> tuple[int, ...]:
    yaw, elevation = places[chosen]
    found = _extreme_candidates(places, chosen, protocol)
    # Opposing horizontally: the mirrored yaw; vertically: the mirrored elevation.
    mirrored = -elevation if protocol.vertical else elevation
    found.sort(
        key=lambda i: (
            angle_between(places[i][0], -yaw) + abs(places[i][1] - mirrored),
            places[i],
        )
    )
    return tuple(found[: protocol.extreme_views])
