"""What the style space learns from: prompts against pictures, tags, colours, other maps."""

import torch
from torch import nn
from torch.nn import functional

from inference.features.embedded_style import StyleSpace, unit_blocks
from inference.features.style_blocks import BLOCKS, WIDTH
from training.editing.palette import PARTS
from training.styles.data import TAGS, StyleBatch, StyleData

_COLOURED = {
    "hair colour": ("hair",),
    "skin": ("skin", "lips"),
    "beard": ("chin",),
    "eyes": ("eyes",),
    "clothes": ("cloth",),
    "worn": ("glasses", "hat"),
    "light": ("light",),
}
"""Whose colours a block must tell."""


class StyleLoss(nn.Module):
    """All terms, with the parameters that only training needs.

    Attributes:
        means: [T, 128] running mean of the pictures' blocks by tag; zero outside of the tag's
            own block. Where it says where prompts shall lie, no gradient flows.
    """

    means: torch.Tensor
    member: torch.Tensor
    inside: torch.Tensor
    rarity: torch.Tensor

    def __init__(self, data: StyleData) -> None:
        super().__init__()
        aspects = [aspect for aspect, _ in TAGS]
        names = [block.name for block in BLOCKS]
        member = torch.tensor([[aspect == name for name in names] for aspect in aspects]).float()
        inside = torch.zeros(len(TAGS), WIDTH)
        for row, aspect in zip(inside, aspects, strict=True):
            row[BLOCKS[names.index(aspect)].where] = 1
        self.register_buffer("member", member)  # [T, 10]
        self.register_buffer("inside", inside)  # [T, 128]
        self.register_buffer("means", torch.zeros(len(TAGS), WIDTH))
        share = torch.from_numpy(data.has).float().mean(0).clamp(0.002, 0.998)
        self.register_buffer("rarity", (1 / share).sqrt().clamp(max=8))
        self.prototypes = nn.Parameter(torch.randn(len(TAGS), WIDTH) * 0.1)
        self.tag_bias = nn.Parameter(torch.logit(share))
        self.tag_scale = nn.Parameter(torch.tensor(2.0))
        self.scale = nn.Parameter(torch.tensor(2.3))
        self.bias = nn.Parameter(torch.tensor(-5.0))
        outputs = {name: 3 * len(_COLOURED.get(name, ())) for name in names}
        outputs["age"] = outputs["sex"] = 1
        self.tell = nn.ModuleDict(
            {b.name: nn.Linear(b.width, outputs[b.name]) for b in BLOCKS if outputs[b.name]}
        )

    def forward(self, space: StyleSpace, batch: StyleBatch) -> dict[str, torch.Tensor]:
        """Terms by name, "total" among them."""
        pictures = space.image(batch.features)
        raw, named_logits = space.text(batch.sentences)
        prompts = unit_blocks(raw)
        # A prompt may say two tags of one aspect.
        named = (batch.named @ self.member).clamp(max=1)  # [B, 10]
        terms = {
            "contrast": self._contrast(pictures, prompts, named, batch.true),
            "tags": self._tags(pictures, batch.has),
            "place": self._place(prompts, pictures, batch),
            "named": functional.binary_cross_entropy_with_logits(named_logits, named),
            "colours": self._colours(pictures, batch),
            "kept": self._kept(space, pictures, batch),
        }
        weights = {"contrast": 1.0, "tags": 1.0, "place": 1.0, "named": 2.0}
        weights |= {"colours": 6.0, "kept": 2.0}
        terms["total"] = torch.stack([weights[n] * terms[n] for n in weights]).sum()
        return terms

    def _contrast(
        self,
        pictures: torch.Tensor,  # [B, 128]
        prompts: torch.Tensor,  # [B, 128]
        named: torch.Tensor,  # [B, 10]
        true: torch.Tensor,  # [B, B]
    ) -> torch.Tensor:
        weight = torch.tensor([block.weight**2 for block in BLOCKS])
        spread = torch.cat([named[:, [k]].expand(-1, b.width) for k, b in enumerate(BLOCKS)], 1)
        length = named @ weight
        alike = pictures @ (prompts * spread).T / length.clamp(min=1e-6)[None]
        logits = alike * self.scale.exp() + self.bias
        loss = functional.binary_cross_entropy_with_logits(logits, true, reduction="none")
        # A prompt about nothing but a cut is true of everybody, and says nothing.
        right, wrong = true * (length > 0), (1 - true) * (length > 0)
        positive = (loss * right).sum() / right.sum().clamp(min=1)
        return 0.5 * (positive + (loss * wrong).sum() / wrong.sum().clamp(min=1))

    def _tags(self, pictures: torch.Tensor, has: torch.Tensor) -> torch.Tensor:
        ends = unit_blocks(self.prototypes * self.inside) * self.inside
        lengths = torch.tensor([block.weight**2 for block in BLOCKS])
        alike = pictures @ ends.T / (self.member @ lengths)
        logits = alike * self.tag_scale.exp() + self.tag_bias
        loss = functional.binary_cross_entropy_with_logits(logits, has, reduction="none")
        return (loss * (1 + has * (self.rarity - 1))).mean() * 3

    def _place(
        self, prompts: torch.Tensor, pictures: torch.Tensor, batch: StyleBatch
    ) -> torch.Tensor:
        with torch.no_grad():
            count = batch.has.sum(0)[:, None]
            mean = (batch.has.T @ pictures) * self.inside / count.clamp(min=1)
            rate = 0.03 * (count > 0).float()
            fresh = self.means.abs().sum(1, keepdim=True) == 0
            self.means.lerp_(mean, torch.where(fresh & (count > 0), 1.0, rate))
            goal = unit_blocks(batch.named @ self.means)
            there = (batch.named @ self.member).clamp(max=1)
        losses = []
        for number, block in enumerate(BLOCKS):
            cosine = (prompts * goal)[:, block.where].sum(1) / block.weight**2
            losses.append(((1 - cosine) * there[:, number]).sum())
        return torch.stack(losses).sum() / there.sum().clamp(min=1)

    def _kept(self, space: StyleSpace, pictures: torch.Tensor, batch: StyleBatch) -> torch.Tensor:
        """How far pictures [B, 128] are from other ones of whoever's style they have.

        No gradient flows through the others: they know what they look like.
        """
        with torch.no_grad():
            goal = space.eval().image(batch.others)
        space.train()
        parts = [(pictures * goal)[:, block.where].sum(1) for block in BLOCKS]
        lengths = torch.tensor([block.weight**2 for block in BLOCKS])
        missing = (lengths - torch.stack(parts, 1)) * batch.alike
        return missing.sum() / (lengths * batch.alike).sum().clamp(min=1e-6)

    def _colours(self, pictures: torch.Tensor, batch: StyleBatch) -> torch.Tensor:
        losses = []
        for block in BLOCKS:
            if block.name not in self.tell:
                continue
            told = self.tell[block.name](pictures[:, block.where] / block.weight)
            if block.name in ("age", "sex"):
                truth = batch.people[:, :1] if block.name == "age" else batch.people[:, 1:]
            else:
                rows = [PARTS.index(part) for part in _COLOURED[block.name]]
                truth = batch.palette[:, rows].flatten(1)
            known = truth.isfinite()
            error = functional.smooth_l1_loss(
                told, torch.nan_to_num(truth), beta=0.1, reduction="none"
            )
            losses.append((error * known).sum() / known.sum().clamp(min=1))
        return torch.stack(losses).mean()
