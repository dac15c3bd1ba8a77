"""Time and memory of work on a device, the same way on CUDA and on a processor."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from inference.memory import memory_bytes

WARM_UP = 3


@dataclass(frozen=True)
class Clock:
    """Measures work on one device.

    Attributes:
        device: "cpu", "cuda" or "cuda:N".
        runs: how often work is repeated; the median counts.
    """

    device: str
    runs: int

    def wait(self) -> None:
        """Until the device has done everything."""
        if self.device != "cpu":
            torch.cuda.synchronize(self.device)

    def milliseconds(self, work: Callable[[], object]) -> float:
        """Median wall time from the call to the finished result, after some runs to warm up."""
        for _ in range(min(WARM_UP, self.runs)):
            work()
        self.wait()
        times = []
        for _ in range(self.runs):
            start = time.perf_counter()
            work()
            self.wait()
            times.append(time.perf_counter() - start)
        return round(1000 * statistics.median(times), 4)

    def forget_peak(self) -> None:
        """From now on peak_bytes counts anew."""
        if self.device != "cpu":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self.device)

    def peak_bytes(self) -> int:
        """The most that tensors held on the GPU; on a processor what the process holds now."""
        if self.device == "cpu":
            return memory_bytes()
        return int(torch.cuda.max_memory_allocated(self.device))

    def product_rate(self, dtype: torch.dtype, edge: int) -> float:
        """Operations a second of one large square matrix product: the arithmetic limit."""
        a = torch.randn(edge, edge, device=self.device).to(dtype)
        return 2 * edge**3 / (self.milliseconds(lambda: a @ a) / 1000)
