"""Identity morphs and expressions of the shipped template."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from inference.errors import InvalidModelError
from inference.files import resource_path
from inference.head.gaussians import NUM_GAUSSIANS, FloatArray

MID_EYE = np.array([0.0, 0.03, 0.05], np.float32)
_EXPRESSION = "expression/"


@dataclass(frozen=True)
class Rig:
    """Moves the template's anchors: anchors = W @ (vertices + sum of weighted deltas).

    Attributes:
        vertices: [V, 3] float32 unmorphed control vertices, metres, template frame.
        matrix: sparse float32 [65536, V], rows sum to 1.
        eye_vertices: [E, 2] control vertices of the left and the right eyeball.
        names: morph names: "macro/...", "build/...", "<region>/..." and "expression/...".
        deltas: [M, V, 3] int16, times `scales` in metres.
        scales: [M] float32 metres per step of `deltas`.
        average_adult: weights of the morphs that make the template's own shape.
        topology: id of the point set that it moves (HeadTemplate.topology).
    """

    vertices: FloatArray
    matrix: sp.csr_matrix
    eye_vertices: NDArray[np.int64]
    names: tuple[str, ...]
    deltas: NDArray[np.int16]
    scales: FloatArray
    average_adult: Mapping[str, float]
    topology: str

    @property
    def identity_names(self) -> list[str]:
        """Names of the morphs that are no expressions."""
        return [name for name in self.names if not name.startswith(_EXPRESSION)]

    @property
    def expression_names(self) -> list[str]:
        """The 52 ARKit names, for example "jawOpen"."""
        return [n[len(_EXPRESSION) :] for n in self.names if n.startswith(_EXPRESSION)]

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.names)}

    def _moved(self, vertices: FloatArray, weights: Mapping[str, float]) -> FloatArray:
        unknown = sorted(set(weights) - set(self._index))
        if unknown:
            raise KeyError(f"no morph is called {unknown[0]!r}")
        for name in sorted(weights):
            row = self._index[name]
            vertices = vertices + (weights[name] * self.scales[row]) * self.deltas[row]
        return vertices.astype(np.float32)

    def anchors(
        self,
        identity: Mapping[str, float] | None = None,
        expression: Mapping[str, float] | None = None,
    ) -> FloatArray:
        """The template's anchors on another head, [65536, 3] float32 metres.

        Args:
            identity: weights of identity morphs over the unmorphed mesh; None for the template's
                own shape. To change that shape pass {**rig.average_adult, "nose/...": 1.0}.
            expression: weights by ARKit name, for example {"jawOpen": 0.5}.

        The identity's mid-eye is moved to (0, 0.03, 0.05); expressions do not move it.

        Raises:
            KeyError: a name is not a morph.
        """
        shaped = self._moved(self.vertices, self.average_adult if identity is None else identity)
        shaped += MID_EYE - shaped[self.eye_vertices].mean((0, 1))
        prefixed = {_EXPRESSION + name: w for name, w in (expression or {}).items()}
        placed: FloatArray = self.matrix @ self._moved(shaped, prefixed)
        return placed

    @classmethod
    def load(cls, path: Path | None = None) -> "Rig":
        """Read a rig file of training.template.build; None for the shipped one.

        Raises:
            InvalidModelError: the file is missing, damaged or holds no rig.
        """
        path = path or resource_path("rig.npz")
        try:
            with np.load(path, allow_pickle=False) as stored:
                return cls._from_arrays({key: stored[key] for key in stored.files})
        except OSError as error:
            raise InvalidModelError(
                f"The head rig {path} cannot be read: install PercHead again."
            ) from error
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise InvalidModelError(
                f"{path} is no head rig or is damaged ({error}): install PercHead again."
            ) from error

    @classmethod
    def _from_arrays(cls, stored: dict[str, NDArray[np.generic]]) -> "Rig":
        vertices = stored["vertices"].astype(np.float32)
        names = tuple(str(name) for name in stored["names"])
        deltas = stored["deltas"].transpose(0, 2, 1)
        if deltas.dtype != np.int16 or deltas.shape != (len(names), len(vertices), 3):
            raise ValueError(f"deltas are {deltas.dtype} of shape {deltas.shape}")
        eyes = stored["eye_vertices"].astype(np.int64)
        if eyes.ndim != 2 or eyes.min() < 0 or eyes.max() >= len(vertices):
            raise ValueError("eye_vertices point outside the mesh")
        matrix = sp.csr_matrix(
            (
                stored["matrix_values"].astype(np.float32),
                stored["matrix_columns"].astype(np.int32),
                np.concatenate([[0], np.cumsum(stored["matrix_counts"], dtype=np.int64)]),
            ),
            (NUM_GAUSSIANS, len(vertices)),
        )
        matrix.check_format(full_check=True)
        rows = np.asarray(matrix.sum(1)).ravel()
        if np.abs(rows - 1).max() > 0.01:
            raise ValueError("the rows of the matrix do not sum to 1")
        return cls(
            vertices=vertices,
            matrix=(sp.diags((1 / rows).astype(np.float32)) @ matrix).tocsr(),
            eye_vertices=eyes,
            names=names,
            deltas=np.ascontiguousarray(deltas),
            scales=stored["scales"].astype(np.float32),
            average_adult=dict(
                zip(
                    (str(name) for name in stored["average_names"]),
                    (float(weight) for weight in stored["average_weights"]),
                    strict=True,
                )
            ),
            topology=str(stored["topology"]),
        )
