"""Pictures and prompts of synthetic heads, as the style space's training takes them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference.features.embedded_style import ImageTower, StyleSpace
from inference.features.sentence import SentenceNetwork
from inference.features.style_blocks import BLOCKS
from inference.features.style_features import StyleFeatures
from inference.files import atomic_write
from training.editing.palette import PARTS
from training.pictures.augment import apply_light
from training.synthetic.prompts import Prompt, compose, draw_prompt
from training.synthetic.style_words import WORDINGS, head_tags, tags_said

Float = NDArray[np.float32]

TAGS: tuple[tuple[str, str], ...] = tuple(
    (aspect, wording.tag)
    for aspect, wordings in WORDINGS.items()
    for wording in wordings
    if not wording.parts
)
"""All tags with their aspects; columns of the tables here."""

TAG_INDEX = {tag: number for number, tag in enumerate(TAGS)}


def has_tags(tags: dict[str, frozenset[str]]) -> NDArray[np.bool_]:
    """[T] which tags a head has."""
    return np.array([tag in tags[aspect] for aspect, tag in TAGS])


@dataclass(frozen=True)
class StyleData:
    """All heads of a cache.

    Attributes:
        overall, cells, colours: StyleFeatures of all views, float16.
        head: [V] whose view it is.
        palette: [V, P, 3] colours of the parts under the view's light, NaN where there is none.
        tags: of each head, by aspect.
        has: [H, T] the same as a table.
        people: [H, 2] years over 100, and 0 woman to 1 man.
        looks: [H] attributes as text: an edit has those of the head whose style it wears.
        edited: [H] whether it is an edit.
    """

    overall: NDArray[np.float16]
    cells: NDArray[np.float16]
    colours: NDArray[np.float16]
    head: NDArray[np.int64]
    palette: Float
    tags: list[dict[str, frozenset[str]]]
    has: NDArray[np.bool_]
    people: Float
    looks: list[str]
    edited: NDArray[np.bool_]

    @classmethod
    def load(cls, folder: Path, names: Sequence[str] | None = None) -> "StyleData":
        """Read a folder of training.style_cache: all of it, or the files of these names."""
        parts: dict[str, list[NDArray[np.float16]]] = {"overall": [], "cells": [], "colours": []}
        head, palettes, tags, people = [], [], [], []
        looks, edited = [], []
        wanted = [folder / name for name in names] if names is not None else None
        for path in wanted or sorted(folder.glob("head_*.npz")):
            with np.load(path, allow_pickle=False) as stored:
                attributes = json.loads(str(stored["attributes"]))
                colours = stored["palette"]
                tags.append(_stored_tags(stored) or head_tags(attributes, float(colours[-1, 2])))
                people.append((attributes["years"] / 100, attributes["male"]))
                looks.append(json.dumps(attributes, sort_keys=True))
                edited.append("tags" in stored)
                for name, rows in parts.items():
                    rows.append(stored[name])
                for light in stored["light"]:
                    palettes.append(np.vstack([apply_light(colours[:-1], light), colours[-1:]]))
                    head.append(len(tags) - 1)
        return cls(
            np.concatenate(parts["overall"]),
            np.concatenate(parts["cells"]),
            np.concatenate(parts["colours"]),
            np.array(head),
            np.stack(palettes).astype(np.float32),
            tags,
            np.stack([has_tags(entry) for entry in tags]),
            np.array(people, np.float32),
            looks,
            np.array(edited),
        )

    def joined(self, other: "StyleData") -> "StyleData":
        """The heads of both."""
        return StyleData(
            np.concatenate([self.overall, other.overall]),
            np.concatenate([self.cells, other.cells]),
            np.concatenate([self.colours, other.colours]),
            np.concatenate([self.head, other.head + len(self.tags)]),
            np.concatenate([self.palette, other.palette]),
            self.tags + other.tags,
            np.concatenate([self.has, other.has]),
            np.concatenate([self.people, other.people]),
            self.looks + other.looks,
            np.concatenate([self.edited, other.edited]),
        )

    def wearers(self) -> NDArray[np.int64]:
        """[H] the head itself whose style each has: for no edit another than itself; -1 if gone."""
        known = {look: number for number, look in enumerate(self.looks) if not self.edited[number]}
        return np.array([known.get(look, -1) for look in self.looks])

    def some_view(self, heads: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """A view [B] of each head."""
        first = np.searchsorted(self.head, heads)
        last = np.searchsorted(self.head, heads, side="right")
        return first + (rng.random(len(heads)) * (last - first)).astype(int)

    def features(self, views: NDArray[np.int64]) -> StyleFeatures:
        """Features of the views at `views` [B]."""
        return StyleFeatures(
            *(torch.from_numpy(a[views]).float() for a in (self.overall, self.cells, self.colours))
        )

    def standardise(self, tower: ImageTower) -> None:
        """Give the tower mean and spread of the features."""
        for name, rows in (("overall", self.overall), ("cell", self.cells.reshape(-1, 769))):
            sample = rows[:: max(1, len(rows) // 20000)].astype(np.float32)
            getattr(tower, f"{name}_mean").copy_(torch.from_numpy(sample.mean(0)))
            spread = sample.std(0) + 0.02 * sample.std()
            getattr(tower, f"{name}_std").copy_(torch.from_numpy(spread))

    def colours_of(self, part: str) -> Float:
        """[V, 3] the palette's row of a part."""
        return self.palette[:, PARTS.index(part)]


def _stored_tags(stored: Mapping[str, NDArray[Any]]) -> dict[str, frozenset[str]] | None:
    """Of an edit (training.edited_cache), whose attributes are those of two heads."""
    if "tags" not in stored:
        return None
    return {aspect: frozenset(tags) for aspect, tags in json.loads(str(stored["tags"])).items()}


@dataclass(frozen=True)
class SentenceTable:
    """Prompts with their sentence vectors.

    Attributes:
        prompts: what they say.
        sentences: [N, 384] vectors.
        head: [N] a head that each is true of.
        named: [N, T] which tags each names.
    """

    prompts: list[Prompt]
    sentences: Float
    head: NDArray[np.int64]
    named: NDArray[np.bool_]


def sentence_table(
    data: StyleData, count: int, rng: np.random.Generator, keep: Path
) -> SentenceTable:
    """Draw prompts, half of them about a tag chosen evenly, so that what is rare is said too.

    Args:
        data: the heads.
        count: how many prompts.
        rng: source of randomness.
        keep: where sentence vectors are kept by text from one run to the next.
    """
    prompts, heads = [], []
    worn = [np.flatnonzero(data.has[:, number]) for number in range(len(TAGS))]
    for _ in range(count):
        if rng.random() < 0.5:
            head = int(rng.integers(len(data.tags)))
            prompt = draw_prompt(rng, data.tags[head])
        else:
            aspect, tag = TAGS[int(rng.integers(len(TAGS)))]
            those = worn[TAG_INDEX[aspect, tag]]
            if len(those) == 0:
                continue
            head = int(rng.choice(those))
            others = draw_prompt(rng, data.tags[head]).named if rng.random() < 0.6 else {}
            prompt = compose(rng, others | {aspect: tag})
        prompts.append(prompt)
        heads.append(head)
    texts = [prompt.text for prompt in prompts]
    return SentenceTable(
        prompts,
        _embed(texts, keep),
        np.array(heads),
        np.stack([_named(prompt) for prompt in prompts]),
    )


def _named(prompt: Prompt) -> NDArray[np.bool_]:
    """[T] which tags a prompt says."""
    said = {aspect: tags_said(aspect, tag) for aspect, tag in prompt.named.items()}
    return np.array([tag in said.get(aspect, ()) for aspect, tag in TAGS])


@torch.no_grad()
def prompt_styles(
    data: StyleData, space: StyleSpace, count: int, seed: int, keep: Path
) -> tuple[Float, NDArray[np.int64]]:
    """Style vectors [M, 128] of prompts, and a head [M] that each is true of.

    Args:
        data: the heads.
        space: gives the vectors.
        count: how many prompts.
        seed: decides which.
        keep: where sentence vectors are kept by text.
    """
    table = sentence_table(data, count, np.random.default_rng(seed), keep)
    return space.text.embed(torch.from_numpy(table.sentences)).numpy(), table.head


def _embed(texts: list[str], keep: Path) -> Float:
    known: dict[str, Float] = {}
    if keep.exists():
        with np.load(keep, allow_pickle=False) as stored:
            known = dict(zip(stored["texts"].tolist(), stored["vectors"], strict=True))
    missing = sorted(set(texts) - set(known))
    if missing:
        network = SentenceNetwork()
        known |= dict(zip(missing, network.embed(missing), strict=True))
        with atomic_write(keep) as temporary:
            np.savez(temporary, texts=np.array(list(known)), vectors=np.stack(list(known.values())))
    return np.stack([known[text] for text in texts])


@dataclass(frozen=True)
class StyleBatch:
    """Some pictures and as many prompts.

    Attributes:
        features: of the pictures.
        sentences: [B, 384] of the prompts.
        has: [B, T] float, tags of the pictures' heads.
        named: [B, T] float, tags that the prompts name.
        true: [B, B] float 0 or 1, whether prompt j is true of picture i.
        palette: [B, P, 3] of the pictures, NaN where there is none.
        people: [B, 2].
        others: other pictures of whoever's style each has; its own where there are none.
        alike: [B, 10] float 0 or 1, whether both show the same of an aspect.
    """

    features: StyleFeatures
    sentences: torch.Tensor
    has: torch.Tensor
    named: torch.Tensor
    true: torch.Tensor
    palette: torch.Tensor
    people: torch.Tensor
    others: StyleFeatures
    alike: torch.Tensor


def draw_batch(
    data: StyleData,
    wearers: NDArray[np.int64],
    table: SentenceTable,
    size: int,
    rng: np.random.Generator,
) -> StyleBatch:
    """Prompts at random, each with a picture of a head that it is true of.

    Args:
        data: the heads.
        wearers: StyleData.wearers().
        table: the prompts.
        size: how many.
        rng: source of randomness.
    """
    chosen = rng.integers(0, len(table.prompts), size)
    heads = table.head[chosen]
    views = data.some_view(heads, rng)
    owners = np.where(wearers[heads] >= 0, wearers[heads], heads)
    has = torch.from_numpy(data.has[heads]).float()
    same = data.has[heads] == data.has[owners]
    alike = [same[:, [a == block.name for a, _ in TAGS]].all(1) for block in BLOCKS]
    named = torch.from_numpy(table.named[chosen]).float()
    return StyleBatch(
        data.features(views),
        torch.from_numpy(table.sentences[chosen]),
        has,
        named,
        (has @ named.T >= named.sum(1)[None] - 0.5).float(),
        torch.from_numpy(data.palette[views]),
        torch.from_numpy(data.people[heads]),
        data.features(data.some_view(owners, rng)),
        torch.from_numpy(np.stack(alike, axis=1)).float(),
    )


def disturbed(batch: StyleBatch, tower: ImageTower, noise: float) -> StyleBatch:
    """The batch with noise on its features, in units of their spread, so that few heads last."""
    found = batch.features
    return replace(
        batch,
        features=StyleFeatures(
            found.overall + noise * tower.overall_std * torch.randn_like(found.overall),
            found.cells + noise * tower.cell_std * torch.randn_like(found.cells),
            found.colours + 0.02 * torch.randn(len(found.colours), 1, 1, 4),
        ),
    )
