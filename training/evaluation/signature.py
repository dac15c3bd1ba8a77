"""The frozen set's appearance in a few numbers, to notice a changed generator on any computer.

Pixels differ a little between OpenGL devices, so hashes only compare files of one device. Mean
colour and coverage of every view do not depend on the device, and change with almost anything
that changes a head.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inference.errors import UsageError
from inference.files import atomic_write

FROZEN = Path(__file__).with_name("held_out_signature.json")
"""Kept in the repository; written once the set is final."""
TOLERANCE = 0.01
"""Largest difference of a mean, of 1, that another device may make (our choice)."""

Signature = list[list[float]]


def signature_of(content: Mapping[str, Any]) -> Signature:
    """Mean RGB over white and mean alpha of each view, [V][4] in 0..1."""
    alpha = content["alpha"].astype(np.float64) / 255
    rgb = content["straight"].astype(np.float64) / 255
    over = rgb * alpha[..., None] + 1 - alpha[..., None]
    rows = np.concatenate([over.mean((1, 2)), alpha.mean((1, 2))[:, None]], axis=1)
    return [[round(float(x), 4) for x in row] for row in rows]


def write_frozen(signatures: Mapping[str, Signature], path: Path = FROZEN) -> None:
    """Declare a set to be the frozen one."""
    with atomic_write(path) as temporary:
        lines = ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in sorted(signatures.items()))
        temporary.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def check_frozen(signatures: Mapping[str, Signature], path: Path = FROZEN) -> bool:
    """Compare heads with the frozen set.

    Returns:
        Whether there is a frozen set to compare with.

    Raises:
        UsageError: a head looks different, or is no part of the frozen set.
    """
    if not path.exists():
        return False
    frozen = json.loads(path.read_text(encoding="utf-8"))
    for name, found in signatures.items():
        wanted = np.asarray(frozen.get(name, []))
        same = wanted.shape == np.shape(found) and np.abs(wanted - found).max() <= TOLERANCE
        if not same:
            raise UsageError(
                f"{name} does not look like the frozen set's: the generator has changed, so new "
                "figures do not compare with published ones (--freeze declares a new set)."
            )
    return True
