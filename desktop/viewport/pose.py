"""Where the orbiting camera stands, and how gestures move it. Knows no widget."""

from dataclasses import dataclass, replace

import numpy as np

from inference.rendering.camera import (
    HEAD_CENTRE,
    PORTRAIT_FOV_DEGREES,
    PORTRAIT_HALF_EXTENT,
    Camera,
    orbit_camera,
)

ELEVATION_LIMIT = 89.0  # degrees; our choice, so that "up" stays defined
ZOOM_RANGE = (0.25, 12.0)  # times the size of a head crop; our choice
FOV_RANGE = (8.0, 75.0)  # degrees; our choice
PAN_LIMIT = 0.3  # metres from the head's centre, so that the head is never lost; our choice
DEGREES_PER_HEIGHT = 200.0  # a drag over the view's whole height turns this far; our choice


@dataclass(frozen=True)
class OrbitPose:
    """A camera on a sphere around a point of the head.

    Attributes:
        yaw: degrees; 0 is the front, positive sees the person's left side.
        elevation: degrees, positive looks down from above.
        zoom: size of the head on the screen, 1 as in a head crop.
        fov: vertical field of view in degrees; the head keeps its size on the screen.
        pan: offset in metres of the point looked at from the head's centre, world frame.
    """

    yaw: float = 0.0
    elevation: float = 0.0
    zoom: float = 1.0
    fov: float = PORTRAIT_FOV_DEGREES
    pan: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def camera(self, width: int, height: int) -> Camera:
        """The camera that draws this pose at a size in pixels; a narrow view steps back."""
        target = (
            HEAD_CENTRE[0] + self.pan[0],
            HEAD_CENTRE[1] + self.pan[1],
            HEAD_CENTRE[2] + self.pan[2],
        )
        return orbit_camera(
            self.yaw,
            self.elevation,
            distance=self._half_extent(width / height) / float(np.tan(np.radians(self.fov) / 2)),
            fov_degrees=self.fov,
            size=(width, height),
            target=target,
        )

    def orbited(self, dx: float, dy: float, height: float) -> "OrbitPose":
        """Turned by a drag of (dx, dy) in a view of this height; the head follows the hand."""
        step = DEGREES_PER_HEIGHT / height
        return self.turned(-dx * step, dy * step)

    def turned(self, yaw: float, elevation: float) -> "OrbitPose":
        """Turned by degrees."""
        return replace(
            self,
            yaw=(self.yaw + yaw + 180.0) % 360.0 - 180.0,
            elevation=float(np.clip(self.elevation + elevation, -ELEVATION_LIMIT, ELEVATION_LIMIT)),
        )

    def panned(self, dx: float, dy: float, width: float, height: float) -> "OrbitPose":
        """Moved sideways by a drag, so that the head stays under the hand."""
        metres = 2 * self._half_extent(width / height) / height
        rotation = self.camera(64, 64).world_to_camera[:3, :3]
        pan = np.array(self.pan) - metres * (dx * rotation[0] + dy * rotation[1])
        pan = np.clip(pan, -PAN_LIMIT, PAN_LIMIT)
        return replace(self, pan=(float(pan[0]), float(pan[1]), float(pan[2])))

    def zoomed(self, factor: float) -> "OrbitPose":
        """Nearer by a factor over 1, farther by one below."""
        return replace(self, zoom=float(np.clip(self.zoom * factor, *ZOOM_RANGE)))

    def widened(self, factor: float) -> "OrbitPose":
        """With another field of view; the head keeps its size, its perspective changes."""
        return replace(self, fov=float(np.clip(self.fov * factor, *FOV_RANGE)))

    def between(self, other: "OrbitPose", fraction: float) -> "OrbitPose":
        """The pose on the way to another one, the shorter way around."""
        turn = (other.yaw - self.yaw + 180.0) % 360.0 - 180.0

        def mix(a: float, b: float) -> float:
            return a + (b - a) * fraction

        return OrbitPose(
            yaw=(self.yaw + turn * fraction + 180.0) % 360.0 - 180.0,
            elevation=mix(self.elevation, other.elevation),
            zoom=self.zoom * (other.zoom / self.zoom) ** fraction,
            fov=mix(self.fov, other.fov),
            pan=(
                mix(self.pan[0], other.pan[0]),
                mix(self.pan[1], other.pan[1]),
                mix(self.pan[2], other.pan[2]),
            ),
        )

    def _half_extent(self, aspect: float) -> float:
        """Half of what the view shows vertically at the target, in metres."""
        return PORTRAIT_HALF_EXTENT / self.zoom / min(aspect, 1.0)


PRESETS: dict[str, OrbitPose] = {
    "Front": OrbitPose(),
    "Three-quarter": OrbitPose(yaw=35.0, elevation=4.0),
    "Side": OrbitPose(yaw=90.0),
    "Back": OrbitPose(yaw=-180.0),
}


def preset(name: str, current: OrbitPose) -> OrbitPose:
    """The named view at the current zoom; asked for twice, the same from the other side."""
    wanted = PRESETS[name]
    pose = replace(wanted, zoom=current.zoom, fov=current.fov)
    if pose == current and wanted.yaw > 0:
        pose = replace(pose, yaw=-wanted.yaw)
    return pose
