"""The paper's ablations (table 2, and the light models of appendix C.6) as configurations."""

from dataclasses import dataclass
from typing import Literal

Data = Literal["2d", "multi-view", "both"]

TABLES = {
    "data": "Training data",
    "loss": "Loss",
    "sharpening": "Sharpening CNN",
    "light": "Light models",
}


@dataclass(frozen=True)
class Ablation:
    """One row of a table.

    Attributes:
        name: also that of its figures in training.evaluation.paper_figures.
        table: key of TABLES.
        title: as the paper calls it.
        data: single pictures, pictures of many views, or both.
        loss: of the reconstruction (training.named_loss.LOSSES).
        stand_in: loss that needs no published network, to try the ablation without them; None
            where there is none.
        sharpening: whether the sharpening CNN is trained and used.
        preset: the model; None is the one that the run is asked for.
        reference: whether it is the full method that the others of its table stand beside.
    """

    name: str
    table: str
    title: str
    data: Data = "both"
    loss: str = "dino+sam"
    stand_in: str | None = "embedded"
    sharpening: bool = True
    preset: str | None = None
    reference: bool = False

    @property
    def network(self) -> tuple[Data, str, str | None]:
        """What its reconstruction model is trained with; equal ones are trained once."""
        return self.data, self.loss, self.preset


ABLATIONS = (
    Ablation("data-2d", "data", "2D data", data="2d"),
    Ablation("data-multi-view", "data", "multi-view data", data="multi-view"),
    Ablation("data-both", "data", "2D + multi-view data", reference=True),
    Ablation("loss-lpips-l1", "loss", "LPIPS + L1", loss="lpips+l1", stand_in="l1"),
    Ablation("loss-dino", "loss", "DINOv2", loss="dino", stand_in=None),
    Ablation("loss-sam", "loss", "SAM 2.1", loss="sam", stand_in=None),
    Ablation("loss-both", "loss", "DINOv2 + SAM 2.1", reference=True),
    Ablation("sharpening-without", "sharpening", "without SHP-CNN", sharpening=False),
    Ablation("sharpening-with", "sharpening", "with SHP-CNN", reference=True),
    Ablation("light-s", "light", "Light-S", sharpening=False, preset="light-s"),
    Ablation("light", "light", "Light", sharpening=False, preset="light"),
    Ablation("full", "light", "full model", preset="paper", reference=True),
)


def reference_of(table: str) -> Ablation:
    """The full method of a table."""
    return next(a for a in ABLATIONS if a.table == table and a.reference)
