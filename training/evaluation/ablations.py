"""The paper's ablations (table 2, and the light models of appendix C.6) as configurations."""

from dataclasses import dataclass
from typing import Literal

from training.evaluation.ablation_models import Model

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
        loss: of the reconstruction (training.losses.named.LOSSES); "stand-in-" before it names
            what takes its place without published networks.
        sharpening: whether a sharpening CNN is trained and used.
        model: which of the three models.
        reference: whether it is the full method that the others of its table stand beside.
    """

    name: str
    table: str
    title: str
    data: Data = "both"
    loss: str = "dino+sam"
    sharpening: bool = True
    model: Model = "full"
    reference: bool = False

    @property
    def network(self) -> tuple[Data, str, Model]:
        """What its reconstruction model is trained with; equal ones are trained once."""
        return self.data, self.loss, self.model


ABLATIONS = (
    Ablation("data-2d", "data", "2D data", data="2d"),
    Ablation("data-multi-view", "data", "multi-view data", data="multi-view"),
    Ablation("data-both", "data", "2D + multi-view data", reference=True),
    Ablation("loss-lpips-l1", "loss", "LPIPS + L1", loss="lpips+l1"),
    Ablation("loss-dino", "loss", "DINOv2", loss="dino"),
    Ablation("loss-sam", "loss", "SAM 2.1", loss="sam"),
    Ablation("loss-both", "loss", "DINOv2 + SAM 2.1", reference=True),
    Ablation("sharpening-without", "sharpening", "without SHP-CNN", sharpening=False),
    Ablation("sharpening-with", "sharpening", "with SHP-CNN", reference=True),
    Ablation("light-s", "light", "Light-S", sharpening=False, model="light-s"),
    Ablation("light", "light", "Light", sharpening=False, model="light"),
    Ablation("full", "light", "full model", reference=True),
)


def reference_of(table: str) -> Ablation:
    """The full method of a table."""
    return next(a for a in ABLATIONS if a.table == table and a.reference)
