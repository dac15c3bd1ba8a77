"""What the user may decide about a head video."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np

from inference.errors import UsageError
from inference.rendering.camera import Camera, orbit_camera
from inference.rendering.protocol import WHITE, Background

SWING_DEGREES = 40.0
"""How far a swinging camera goes to either side (our choice: the face stays in view)."""

MAX_FPS = 60
"""Clips with more pictures a second are made with this many (our choice)."""


class Smoothing(StrEnum):
    """How much flicker is taken out of the heads."""

    OFF = "off"
    NORMAL = "normal"
    STRONG = "strong"


class CameraMove(StrEnum):
    """What the camera does."""

    SWING = "swing"
    ORBIT = "orbit"
    FIXED = "fixed"


_LIMITS = {
    "yaw": (-360, 360),
    "elevation": (-90, 90),
    "turn_seconds": (0.5, 600),
    "size": (16, 4096),
    "fps": (1, 120),
    "face": (1, 1000),
}


@dataclass(frozen=True)
class HeadVideo:
    """How to make a head video; the defaults are our choice.

    Attributes:
        move: what the camera does.
        yaw: degrees around the head where the camera begins or stays, 0 is the front.
        elevation: degrees above the horizon.
        turn_seconds: how long one turn, or one swing there and back, takes.
        size: edge of the square picture in pixels; an odd one is made even.
        fps: pictures a second; None is the clip's own, at most MAX_FPS.
        smoothing: how much flicker is taken out.
        splats: also write each picture's Gaussians as a PLY file.
        fit: make every head agree with its frame after the network; far slower.
        sharpen: sharpen the pictures, where the model has a network for it.
        face: which face of the first frame that shows any, 1 is the largest.
        background: RGB 0..1.
    """

    move: CameraMove = CameraMove.SWING
    yaw: float = 0.0
    elevation: float = 0.0
    turn_seconds: float = 8.0
    size: int = 512
    fps: float | None = None
    smoothing: Smoothing = Smoothing.NORMAL
    splats: bool = False
    fit: bool = False
    sharpen: bool = True
    face: int = 1
    background: Background = WHITE

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                label = name.replace("_", " ")
                raise UsageError(f"The video's {label} must lie between {low} and {high}.")

    @property
    def edge(self) -> int:
        """Edge of the picture in pixels; H.264 with halved colour wants even sizes."""
        return self.size + self.size % 2

    def rate(self, clip_rate: Fraction) -> Fraction:
        """Pictures a second of the video made from a clip."""
        wanted = Fraction(self.fps) if self.fps is not None else min(clip_rate, Fraction(MAX_FPS))
        return max(wanted, Fraction(1)).limit_denominator(1001)

    def camera(self, seconds: float) -> Camera:
        """The camera at a time of the video."""
        turn = seconds / self.turn_seconds
        if self.move is CameraMove.ORBIT:
            yaw = self.yaw + 360 * turn
        elif self.move is CameraMove.SWING:
            yaw = self.yaw + SWING_DEGREES * float(np.sin(2 * np.pi * turn))
        else:
            yaw = self.yaw
        return orbit_camera(yaw, self.elevation, size=(self.edge, self.edge))
