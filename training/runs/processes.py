"""One process or many, on CPU or GPU: the only module that imports accelerate.

The same script runs alone (python -m ...), on several GPUs (accelerate launch -m ... or
torchrun -m ...) and on several machines (the same with their rendezvous options).
"""

import warnings
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import nn

from training.config import Precision
from training.runs.cpu_precision import multiplies_bfloat16


class Processes:
    """What the training loop asks of Hugging Face accelerate."""

    def __init__(self, precision: Precision) -> None:
        """Join the other processes, if there are any.

        Args:
            precision: of matrix products; auto is bf16 where there is hardware for it.
        """
        from accelerate import Accelerator
        from accelerate.utils import DistributedDataParallelKwargs

        cuda = torch.cuda.is_available()
        if precision == "auto":
            precision = "bf16" if cuda or multiplies_bfloat16() else "fp32"
        self.precision = precision
        self._accelerator = Accelerator(
            cpu=not cuda,
            mixed_precision="bf16" if precision == "bf16" else "no",
            kwargs_handlers=[
                DistributedDataParallelKwargs(
                    # Buffers are data (mean head, bases) and the same everywhere.
                    broadcast_buffers=False,
                    # Spares a second copy of the gradients.
                    gradient_as_bucket_view=True,
                )
            ],
        )

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        return self._accelerator.device

    @property
    def rank(self) -> int:
        """Number of this process."""
        return int(self._accelerator.process_index)

    @property
    def count(self) -> int:
        """How many processes there are on all machines."""
        return int(self._accelerator.num_processes)

    @property
    def is_main(self) -> bool:
        """Whether this one writes files."""
        return bool(self._accelerator.is_main_process)

    def prepare(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> tuple[Any, Any]:
        """Model and optimiser as the processes share them; the model on its device."""
        with warnings.catch_warnings():
            # torch 2.13 has a new name for broadcast_buffers, which accelerate does not know yet.
            warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated", FutureWarning)
            model, optimiser = self._accelerator.prepare(model, optimiser)
        return model, optimiser

    def autocast(self) -> AbstractContextManager[None]:
        """The precision of matrix products for what is not the model: the loss networks."""
        return self._accelerator.autocast()

    def backward(self, loss: torch.Tensor) -> None:
        """Gradients, averaged over the processes."""
        self._accelerator.backward(loss)

    def clip(self, parameters: Iterable[nn.Parameter], norm: float) -> float:
        """Shorten the gradient to `norm`; returns what it was."""
        length = self._accelerator.clip_grad_norm_(parameters, norm)
        return 0.0 if length is None else float(length)

    def mean(self, values: list[float]) -> list[float]:
        """Averages over the processes."""
        if self.count == 1:
            return values
        together = torch.tensor(values, dtype=torch.float64, device=self.device)
        return [float(x) for x in self._accelerator.reduce(together, "mean")]

    def any(self, flag: bool) -> bool:
        """Whether any process says so."""
        return self.mean([float(flag)])[0] > 0

    def gather(self, texts: list[str]) -> list[str]:
        """The texts of all processes, by rank."""
        if self.count == 1:
            return texts
        from accelerate.utils import gather_object

        return list(gather_object(texts))

    def wait(self) -> None:
        """Until all are here."""
        self._accelerator.wait_for_everyone()

    def close(self) -> None:
        """Leave the others."""
        self._accelerator.end_training()
