"""What the three training scripts share: steps, bookkeeping, states that survive a kill.

A script builds its model and goes through `loop.batches()`; what it does with a batch stands in
the script. On CPU everything depends on the configuration alone: a run that was killed and
resumed writes the same curve to the last digit.
"""

import math
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from training.config import AdamWConfig, LoopConfig
from training.data.batch import Batch, PictureSizes
from training.data.mixture import Mixture
from training.runs.averaging import MovingAverage
from training.runs.board import Board
from training.runs.folder import check_same_run, describe, write_description
from training.runs.guard import bad_terms, stop, suspects
from training.runs.order import Augmentation, Share, Stream, micro_batches, on_device
from training.runs.processes import Processes
from training.runs.schedule import parameter_groups, rate
from training.runs.state import Curve, load_state, save_state

Export = Callable[[nn.Module, int], None]


class TrainingLoop:
    """AdamW over a mixture, on however many processes there are."""

    def __init__(
        self,
        model: nn.Module,
        adamw: AdamWConfig,
        config: LoopConfig,
        folder: Path,
        processes: Processes,
        mixture: Mixture,
        sizes: PictureSizes,
        augment: Augmentation | None = None,
    ) -> None:
        """Make the optimiser and the average; `start` comes next.

        Args:
            model: what is trained; parameters that want no gradient stay as they are.
            adamw: optimiser, schedule, clipping, average.
            config: length and bookkeeping.
            folder: where the run writes.
            processes: who computes.
            mixture: the data.
            sizes: of its pictures.
            augment: changes samples on their way.
        """
        self.plain_model, self.config, self.folder = model, config, folder
        self.processes, self._adamw = processes, adamw
        self._stream = Stream(mixture, sizes, config.seed, augment)
        self._share = Share(processes.rank, processes.count, config.batch, config.accumulate)
        self.total = config.steps or math.ceil(config.epochs * len(mixture) / self._share.per_step)
        self.step = 0
        optimiser = torch.optim.AdamW(
            parameter_groups(model, adamw),
            lr=adamw.learning_rate,
            betas=adamw.betas,
            eps=adamw.epsilon,
        )
        self.model, self.optimiser = processes.prepare(model, optimiser)
        self.average = MovingAverage(model, adamw.ema)
        self._micro: list[tuple[dict[str, float], tuple[str, ...]]] = []

    def start(self, config: Any, settings: dict[str, Any], resume: bool, export: Export) -> None:
        """Begin the run's files, or go on from them.

        Args:
            config: the script's whole configuration, for config.json.
            settings: what else decides the run: data, first weights.
            resume: go on from the folder's state.
            export: writes the averaged model; called with it and the step at every save.

        Raises:
            UsageError: there is nothing to resume, or it was begun in another way.
        """
        self._export = export
        settings = {**settings, "samples_per_step": self._share.per_step}
        description = describe(config, settings)
        if resume:
            check_same_run(self.folder, description)
            self.step = load_state(self.folder, self.plain_model, self.optimiser, self.average)
        if self.processes.is_main:
            self._curve = Curve(self.folder, self.step)
            self._board = Board(self.folder / "tensorboard", self.step + 1)
            write_description(self.folder, description, self.step)
        self._bar = tqdm(
            total=self.total * self._share.per_step,
            initial=self.step * self._share.per_step,
            unit=" images",
            disable=not self.processes.is_main,
            # A log file gets a line now and then instead of a bar.
            mininterval=0.5 if sys.stderr.isatty() else 30,
        )

    def batches(self, stop_after: int | None = None) -> Iterator[Batch]:
        """This process's micro-batches on its device, each with random numbers of its own.

        Args:
            stop_after: end early at this step, to be resumed later.
        """
        last = self.total if stop_after is None else min(stop_after, self.total)
        batches = micro_batches(
            self._stream,
            self._share,
            self.step,
            last,
            self.config.workers,
            self.config.seed,
        )
        self._began = time.monotonic()
        for number, batch in enumerate(batches):
            seeds = np.random.SeedSequence(
                [self.config.seed, self.step, number % self.config.accumulate, self._share.rank]
            )
            torch.manual_seed(int(seeds.generate_state(1, np.uint64)[0] >> 1))
            self.model.train()
            yield on_device(batch, self.processes.device)

    def update(self, terms: dict[str, torch.Tensor], batch: Batch) -> bool:
        """Learn from a micro-batch; the last one of a step moves the weights.

        Args:
            terms: of the loss by name; "total" is what is learned from.
            batch: where they come from.

        Returns:
            Whether pictures of this step should be shown.

        Raises:
            NotFiniteError: a term or the gradient is not finite.
        """
        values = {name: float(value.detach()) for name, value in terms.items()}
        blamed = suspects(batch.sources, batch.images, batch.foreground, batch.targets)
        self._stop_if(bad_terms(values), blamed)
        self.processes.backward(terms["total"] / self.config.accumulate)
        self._micro.append((values, batch.sources))
        if len(self._micro) < self.config.accumulate:
            return False
        norm = self.processes.clip(self.model.parameters(), self._adamw.clip)
        seen = [source for _, sources in self._micro for source in sources]
        self._stop_if("" if math.isfinite(norm) else f"the gradient is {norm}", seen)
        for group in self.optimiser.param_groups:
            group["lr"] = group["factor"] * rate(self.step, self.total, self._adamw)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.average.update(self.plain_model)
        self.step += 1
        self._write(norm)
        if self.step % self.config.save_every == 0 or self.step == self.total:
            self.save()
        return self.processes.is_main and (
            self.step % self.config.picture_every == 0 or self.step == 1
        )

    def show(self, name: str, picture: torch.Tensor) -> None:
        """A picture [3, H, W] RGB 0..1 on TensorBoard; on the main process only."""
        self._board.picture(name, picture, self.step)

    def save(self) -> None:
        """Write the state that can be resumed, and the averaged model."""
        if self.processes.is_main:
            save_state(self.folder, self.step, self.plain_model, self.optimiser, self.average)
            with self.average.swapped_into(self.plain_model):
                self._export(self.plain_model, self.step)
        self.processes.wait()

    def close(self) -> None:
        """End the run."""
        self._bar.close()
        if self.processes.is_main:
            self._board.close()
        self.processes.close()

    def _stop_if(self, reason: str, blamed: list[str] | tuple[str, ...]) -> None:
        """All processes stop together, or the others would wait for ever."""
        if self.processes.any(bool(reason)):
            names = self.processes.gather(list(blamed) if reason else [])
            self._bar.close()
            raise stop(self.step + 1, reason, names)

    def _write(self, norm: float) -> None:
        """Bar, curve and board."""
        micro, self._micro = self._micro, []
        self._bar.update(self._share.per_step)
        if self.step % self.config.log_every and self.step != self.total:
            return
        names = list(micro[0][0])
        means = [sum(values[name] for values, _ in micro) / len(micro) for name in names]
        row = dict(zip(names, self.processes.mean(means), strict=True))
        if not self.processes.is_main:
            return
        learning_rate = rate(self.step - 1, self.total, self._adamw)
        row |= {"gradient": norm, "learning_rate": learning_rate}
        self._curve.add({"step": self.step, **row})
        self._bar.set_postfix(step=self.step, loss=f"{row['total']:.4f}", refresh=False)
        elapsed = max(time.monotonic() - self._began, 1e-9)
        pace = (self._bar.n - self._bar.initial) / elapsed
        self._board.scalars({**row, "images_per_second": pace}, self.step)
