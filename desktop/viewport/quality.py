"""How large to draw while the camera moves. Knows no widget."""

BUDGET = 0.024  # seconds for a picture while moving, so that 30 a second are sure; our choice
STEP = 1 / 16  # of the view's edges, so that the size does not change all the time
SMALLEST = 5 * STEP  # below that a head is hard to recognise; our choice


class MovingQuality:
    """Adapts the size of moving pictures to what the renderer manages."""

    def __init__(self, budget: float = BUDGET) -> None:
        self._budget = budget
        self._scale = 0.75

    @property
    def scale(self) -> float:
        """Edge of a moving picture relative to the view's, in sixteenths."""
        return max(SMALLEST, round(self._scale / STEP) * STEP)

    def learn(self, seconds: float) -> None:
        """Take note of what the last moving picture took.

        A picture costs about as much as it has pixels, so the edge goes with the root; it
        shrinks quickly and grows slowly, so that a single slow frame is no flicker.
        """
        wanted = (self._budget / max(seconds, 1e-4)) ** 0.5
        self._scale *= min(max(wanted, 0.7), 1.06)
        self._scale = min(max(self._scale, SMALLEST), 1.0)
