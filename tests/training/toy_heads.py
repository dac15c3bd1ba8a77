"""Flat heads in the files of the synthetic heads, made in no time."""

import json

import numpy as np

from inference.face_map.labels import Label
from inference.head.gaussians import NUM_GAUSSIANS
from inference.head.template import HeadTemplate
from training.anchors.data import CLOTH, HAIR, SKIN

SIZE = 280
SKIN_TONE = 150


def attributes(rng):
    return {
        "sex": str(rng.choice(["man", "woman"])),
        "male": 0.5,
        "years": int(rng.integers(18, 80)),
        "age_group": str(rng.choice(["young", "old"])),
        "hair": str(rng.choice(["curly", "bob", "bald"])),
        "hair_length": "short",
        "hair_colour": str(rng.choice(["black", "blond", "red"])),
        "eyes": str(rng.choice(["blue", "brown"])),
        "beard": str(rng.choice(["none", "full"])),
        "skin": str(rng.choice(["light", "dark brown"])),
        "skin_tone": [0.4, 0.3, 0.2],
        "glasses": None,
        "hat": None,
        "clothes": {"neckline": "crew neck", "colour": "blue", "pattern": "plain"},
        "light_from": "soft light from the left",
    }


def write_heads(folder, count):
    """Flat heads: a disc of face under a cap of hair, a shirt below."""
    folder.mkdir(parents=True)
    template = HeadTemplate.load()
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    tones = {"black": 20, "blond": 200, "red": 120}
    for number in range(count):
        about = attributes(rng)
        wide = rng.uniform(0.85, 1.15)
        label = np.zeros((SIZE, SIZE), np.uint8)
        label[rows > 230] = Label.CLOTH
        label[np.hypot((columns - 140) / wide, rows - 120) < 80] = Label.HAIR
        label[np.hypot((columns - 140) / wide, rows - 140) < 60] = Label.FACE
        kind = np.full(NUM_GAUSSIANS, SKIN, np.uint8)
        kind[template.labels == Label.HAIR] = HAIR
        kind[(template.labels == Label.NECK) & (template.anchors[:, 1] < -0.12)] = CLOTH
        colours = np.full((NUM_GAUSSIANS, 3), SKIN_TONE, np.uint8)
        colours[kind == HAIR] = tones[about["hair_colour"]]
        rgb = np.repeat(label[None, ..., None] * 12, 3, axis=3).astype(np.uint8)
        rgb[label[None] == Label.HAIR] = tones[about["hair_colour"]]
        rgb[label[None] == Label.FACE] = SKIN_TONE
        pose = np.diag([1.0, -1.0, -1.0, 1.0])
        pose[2, 3] = 1.0
        intrinsics = np.array([[700.0, 0, 140], [0, 700, 140], [0, 0, 1]])
        np.savez(
            folder / f"head_{number:06d}.npz",
            rgb=np.repeat(rgb, 2, axis=0),
            alpha=np.repeat((label > 0)[None] * np.uint8(255), 2, axis=0),
            label=np.repeat(label[None], 2, axis=0),
            K=np.repeat(intrinsics[None], 2, axis=0),
            w2c=np.repeat(pose[None], 2, axis=0),
            positions=(template.anchors * [wide, 1, 1]).astype(np.float16),
            colours=colours,
            kind=kind,
            attributes=json.dumps(about),
        )
