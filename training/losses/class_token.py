"""The sharpening CNN's loss: DINOv2's class token after the eighth block (section 3.3)."""

from dataclasses import dataclass

from training.losses.dino import DinoLoss, DinoLossConfig, HiddenStates


@dataclass(frozen=True)
class ClassTokenLossConfig:
    """What is compared.

    Attributes:
        layer: index into transformers' `hidden_states` (see DinoLossConfig); the paper's 8.
        image_size: as in DinoLossConfig.
    """

    layer: int = 8
    image_size: int = 512


class ClassTokenLoss(DinoLoss):
    """Cosine distance of the class tokens.

    "Empirically, this yields the best sharpness", says the paper. It knows no places: alone it
    cannot train the reconstruction (appendix B, Fig. 10).
    """

    def __init__(self, network: HiddenStates, config: ClassTokenLossConfig | None = None) -> None:
        config = config or ClassTokenLossConfig()
        super().__init__(
            network,
            DinoLossConfig(layers=(config.layer,), tokens="class", image_size=config.image_size),
        )
