"""Trains and measures the ablations' rows, each model once, and keeps what is done."""

import argparse
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from inference.features.protocol import ImageBackbone
from inference.files import atomic_write
from inference.head.template import HeadTemplate
from inference.model.config import ModelConfig
from inference.rendering.selection import choose_renderer
from training.evaluation.ablation_data import write_synthetic_shards
from training.evaluation.ablation_models import MODELS, TRAININGS, Scale, backbone_of
from training.evaluation.ablation_plan import AblationPlan
from training.evaluation.ablation_training import (
    TrainingData,
    load_row,
    load_row_sharpening,
    train_row,
    train_row_sharpening,
    with_length,
)
from training.evaluation.ablations import Ablation, Data
from training.evaluation.contact_sheet import contact_sheet
from training.evaluation.head_source import ModelHeads
from training.evaluation.measure import RunOptions, measure
from training.evaluation.metrics import MetricSet
from training.evaluation.report import build_report, markdown, read_json, write_json
from training.evaluation.subject import SubjectSet
from training.losses.named import EMBEDDED_CLASS_TOKEN, named_loss

SHARES = {"2d": 1.0, "multi-view": 3.0}
"""Of a step's heads where both kinds are learned from (our choice)."""

PACE_STEPS = 6
"""Steps that are timed, after one that is not."""


def chosen_loss(ablation: Ablation, missing: dict[str, str]) -> tuple[str, str]:
    """The loss that a row is trained with here.

    A published and a stand-in network do not compare: where one of DINOv2 and SAM 2.1 is
    missing, both are replaced in all rows.

    Args:
        ablation: the row.
        missing: "dino", "sam" or "lpips" -> why it can't be used.

    Returns:
        The loss, and its name again where it is a stand-in, else "".
    """
    parts = set(ablation.loss.split("+"))
    if parts & {"dino", "sam"}:
        parts |= {"dino", "sam"}
    if parts & set(missing):
        stand_in = f"stand-in-{ablation.loss}"
        return stand_in, stand_in
    return ablation.loss, ""


class Runner:
    """Rows of one run.

    Args:
        plan: what they share.
        out: the run's folder.
        heads: folder of the plan's heads.
        subjects: people who are measured.
        metrics: by which.
        options: where published networks are (dinov2_giant, dinov2_small, loss_dino, loss_sam)
            and the compared pictures' edge (size).
        missing: networks of losses that cannot be used, with the reason.
    """

    def __init__(
        self,
        plan: AblationPlan,
        out: Path,
        heads: Path,
        subjects: SubjectSet,
        metrics: MetricSet,
        options: argparse.Namespace,
        missing: dict[str, str],
    ) -> None:
        self._plan, self._out = plan, out
        self._subjects, self._metrics = subjects, metrics
        self._options = argparse.Namespace(**{**vars(options), "size": plan.size})
        self._missing = missing
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._backbones: dict[str, ImageBackbone] = {}
        for kind, names in (("2d", plan.single), ("multi-view", plan.multi_view)):
            folder = out / "data" / kind
            if not (folder / "shards.json").exists():
                write_synthetic_shards(heads, folder, kind == "2d", names)

    @property
    def scale(self) -> Scale:
        """Key of MODELS."""
        return "paper" if self._plan.scale == "paper" else "mini"

    def run(self, ablation: Ablation, repeat: int = 0) -> tuple[dict[str, Any], str]:
        """One row: its evaluation, and the stand-in for its loss or "".

        Args:
            ablation: the row.
            repeat: how often it was trained before, each time with another seed.

        Raises:
            PercHeadError: it can't be run here.
        """
        loss, stand_in = chosen_loss(ablation, self._missing)
        shape = MODELS[self.scale][ablation.model]
        seed = self._plan.seed + repeat
        name = f"{ablation.model}-{ablation.data}-{loss}" + (f"-again-{repeat}" if repeat else "")
        run = self._out / "runs" / name
        reconstruction, sharpening = TRAININGS[self.scale]
        backbone = self._backbone(shape)
        data = self._data(ablation.data)
        length = (self._plan.size, self._plan.batch, seed)

        def train() -> None:
            config = replace(reconstruction, preset=shape.name, loss=loss)
            config = with_length(config, self._plan.steps, *length)
            judge = named_loss(loss, self._options, self._device, config.recompute_loss)
            train_row(shape, config, data, judge, backbone, run)

        def train_sharpening() -> None:
            token = EMBEDDED_CLASS_TOKEN if "dino" in self._missing else "class-token"
            config = replace(sharpening, preset=shape.name, loss=token)
            config = with_length(config, self._plan.sharpening_steps, *length)
            judge = named_loss(token, self._options, self._device, config.recompute_loss)
            checkpoint = run / "model.safetensors"
            train_row_sharpening(
                shape, config, data, judge, backbone, checkpoint, run / "sharpening"
            )

        once(run / "finished", train)
        sharpened = ablation.sharpening and shape.sharpening is not None
        sharpened &= self._plan.sharpen == "all" or ablation.table == "sharpening"
        if sharpened:
            once(run / "sharpening" / "finished", train_sharpening)
        measured = self._out / "measured" / (name + ("-sharpened" if sharpened else ""))
        once(
            measured / "finished", lambda: self._measure(shape, run, backbone, sharpened, measured)
        )
        return read_json(measured / "evaluation.json"), stand_in

    def seconds_per_step(self, ablation: Ablation) -> float:
        """How long a row's training takes a step on this computer as it is now."""
        loss, _ = chosen_loss(ablation, self._missing)
        shape = MODELS[self.scale][ablation.model]
        backbone = self._backbone(shape)
        folder = self._out / "pace"
        shutil.rmtree(folder, ignore_errors=True)
        config = replace(TRAININGS[self.scale][0], preset=shape.name, loss=loss)
        config = with_length(config, 1 + PACE_STEPS, *self._length())
        judge = named_loss(loss, self._options, self._device, config.recompute_loss)
        data = self._data(ablation.data)
        # Compiles what is compiled at the first call; the state lets the rest go on.
        train_row(shape, config, data, judge, backbone, folder, stop_after=1)
        shutil.rmtree(folder)
        began = time.monotonic()
        train_row(shape, config, data, judge, backbone, folder)
        took = time.monotonic() - began
        shutil.rmtree(folder)
        return took / (1 + PACE_STEPS)

    def _length(self) -> tuple[int, int, int]:
        return self._plan.size, self._plan.batch, self._plan.seed

    def _backbone(self, shape: ModelConfig) -> ImageBackbone:
        name = shape.encoder.backbone.name
        if name not in self._backbones:
            giant, small = self._options.dinov2_giant, self._options.dinov2_small
            self._backbones[name] = backbone_of(shape, giant, small, self._device)
        return self._backbones[name]

    def _data(self, data: Data) -> TrainingData:
        kinds = list(SHARES) if data == "both" else [data]
        return TrainingData({self._out / "data" / kind: SHARES[kind] for kind in kinds})

    def _measure(
        self, shape: ModelConfig, run: Path, backbone: ImageBackbone, sharpened: bool, out: Path
    ) -> None:
        model = load_row(shape, run / "model.safetensors", backbone, 0)
        model.to(self._device).eval().requires_grad_(False)
        cnn = None
        if sharpened:
            cnn = load_row_sharpening(shape, run / "sharpening" / "sharpening.safetensors")
            cnn.to(self._device).eval().requires_grad_(False)
        source = ModelHeads(model, out.name, cnn)
        labels = HeadTemplate.load().labels
        limits = RunOptions(self._plan.crop, self._plan.subjects)
        renderer = choose_renderer()
        found = measure(source, self._subjects, renderer, self._metrics.metrics, labels, limits)
        report = build_report(source.name, self._subjects, self._metrics, limits, found)
        write_json(report, out / "evaluation.json")
        with atomic_write(out / "evaluation.md") as temporary:
            temporary.write_text(markdown(report), encoding="utf-8")
        _write_picture(contact_sheet(found.rows), out / "contact_sheet.jpg")


def once(mark: Path, work: Any) -> None:
    """Do something that leaves a file when it is done, unless the file is there."""
    if mark.exists():
        return
    began = time.monotonic()
    print(f"{mark.parent.name} ...", flush=True)
    work()
    with atomic_write(mark) as temporary:
        temporary.write_text(f"{time.monotonic() - began:.0f} s\n", encoding="utf-8")


def _write_picture(picture: NDArray[np.uint8], path: Path) -> None:
    with atomic_write(path) as temporary:
        Image.fromarray(picture).save(temporary, quality=92)
