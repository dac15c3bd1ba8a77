"""What a training run writes down: lines for people, JSON lines for plots."""

import json
import math
import time
from collections import defaultdict
from pathlib import Path
from typing import Any


class RunLog:
    """Prints, and appends to log.jsonl in the run's folder."""

    def __init__(self, folder: Path, every: int = 100) -> None:
        """Begin or go on; step lines are averages over `every` steps."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "log.jsonl"
        self._every = every
        self._sums: dict[str, float] = defaultdict(float)
        self._since: tuple[int, float] | None = None

    def say(self, text: str) -> None:
        """A line for people."""
        print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)

    def step(self, step: int, batch: int, elapsed: float, terms: dict[str, float]) -> None:
        """Count a step; now and then write the averages and the speed."""
        if self._since is None:
            self._since = (step - 1, elapsed)
        for name, value in terms.items():
            self._sums[name] += value
        steps = step - self._since[0]
        if steps < self._every:
            return
        seconds = max(elapsed - self._since[1], 1e-9)
        row = {name: round(total / steps, 5) for name, total in self._sums.items()}
        row["samples_per_second"] = round(steps * batch / seconds, 2)
        self._write({"kind": "steps", "step": step, "elapsed": round(elapsed, 1), **row})
        self._sums.clear()
        self._since = (step, elapsed)

    def measurement(self, name: str, step: int, elapsed: float, values: dict[str, Any]) -> None:
        """Held-out figures."""
        self._write({"kind": name, "step": step, "elapsed": round(elapsed, 1), **values})

    def _write(self, row: dict[str, Any]) -> None:
        with open(self._path, "a", encoding="utf-8") as file:
            clean = {
                key: None if isinstance(value, float) and math.isnan(value) else value
                for key, value in row.items()
            }
            file.write(json.dumps(clean) + "\n")
        self.say("  ".join(f"{key} {value}" for key, value in row.items()))
