"""Eyes: where they are, where they look, and the colour of the iris."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.identity import Person

Float = NDArray[np.float64]

_IRIS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "brown": ((0.12, 0.055, 0.022), (0.17, 0.08, 0.032)),  # linear RGB, inner and outer
    "dark brown": ((0.05, 0.026, 0.013), (0.08, 0.042, 0.022)),
    "blue": ((0.16, 0.22, 0.28), (0.07, 0.14, 0.22)),
    "green": ((0.17, 0.16, 0.065), (0.085, 0.13, 0.07)),
    "hazel": ((0.17, 0.09, 0.032), (0.11, 0.11, 0.05)),
    "grey": ((0.20, 0.21, 0.22), (0.11, 0.14, 0.16)),
}
_CHANCES = {
    "african": (0.3, 0.63, 0.01, 0.01, 0.04, 0.01),
    "asian": (0.34, 0.6, 0.01, 0.01, 0.03, 0.01),
    "caucasian": (0.26, 0.1, 0.3, 0.12, 0.12, 0.1),
}


@dataclass(frozen=True)
class EyeLook:
    """A pair of eyes; row 0 is the person's left eye.

    Attributes:
        name: of the colour.
        inner, outer: linear RGB of the iris.
        centres: [2, 3] metres.
        gaze: [2, 3] unit vectors.
        pupil: radius of the pupil relative to the iris.
        iris_angle: radius of the iris seen from the eyeball's centre, radians.
    """

    name: str
    inner: Float
    outer: Float
    centres: Float
    gaze: Float
    pupil: float
    iris_angle: float


def sample_eyes(
    rng: np.random.Generator,
    person: Person,
    neutral: tuple[Float, Float],
    posed: tuple[Float, Float],
) -> EyeLook:
    """Draw the colours and measure the pose.

    Args:
        rng: source of randomness.
        person: whose eyes.
        neutral: vertices of the left and right eyeball looking ahead, each [E, 3].
        posed: the same vertices with the expression.
    """
    names = list(_IRIS)
    name = str(rng.choice(names, p=_CHANCES[person.main_race]))
    centres, gaze = [], []
    for side, (before, after) in enumerate(zip(neutral, posed, strict=True)):
        a, b = before - before.mean(0), after - after.mean(0)
        u, _, vt = np.linalg.svd(a.T @ b)  # Kabsch: the eyeball's turn
        turn = vt.T @ np.diag([1, 1, np.linalg.det(vt.T @ u.T)]) @ u.T
        # The visual axis lies a little inward of the eyeball's own.
        ahead = np.array([0.03 if side == 0 else -0.03, 0.0, 1.0])
        gaze.append(turn @ (ahead / np.linalg.norm(ahead)))
        centres.append(after.mean(0))
    vary = np.exp(rng.normal(0, 0.12))
    return EyeLook(
        name=name,
        inner=np.array(_IRIS[name][0]) * vary,
        outer=np.array(_IRIS[name][1]) * vary,
        centres=np.stack(centres),
        gaze=np.stack(gaze),
        pupil=float(rng.uniform(0.32, 0.5)),
        iris_angle=float(rng.uniform(0.425, 0.455)),
    )
