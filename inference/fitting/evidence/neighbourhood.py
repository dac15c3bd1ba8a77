"""Which Gaussians lie beside which, as a sparse graph that colour changes spread along."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags

from inference.head.gaussians import FloatArray

ACROSS_LABELS = 0.002
"""Weight of an edge between two labels, against 1 within one (our choice)."""

OWN_SHARE = 0.3
"""Share of an averaging step that a Gaussian's own value has (our choice)."""

COLOUR_SIGMA = 0.12
"""RGB difference at which an edge has lost 40 % of its weight (our choice)."""


def laplacian(
    neighbours: NDArray[np.integer],  # [N, k]
    labels: NDArray[np.uint8],  # [N]
    colours: FloatArray,  # [N, 3]
) -> csr_matrix:
    """The graph Laplacian [N, N], symmetric, rows sum to 0.

    Edges are weak across labels and between Gaussians that the network gave other colours,
    so that hair does not bleed into skin.

    Args:
        neighbours: indices of the nearest anchors of every anchor.
        labels: template label of every anchor.
        colours: the network's colours.
    """
    count, degree = neighbours.shape
    first = np.repeat(np.arange(count), degree)
    second = neighbours.reshape(-1).astype(np.int64)
    difference = ((colours[first] - colours[second]) ** 2).sum(1)
    weight = np.exp(-difference / (2 * COLOUR_SIGMA**2))
    weight = np.maximum(weight, ACROSS_LABELS)
    weight[labels[first] != labels[second]] = ACROSS_LABELS
    weight[first == second] = 0
    graph = coo_matrix((weight.astype(np.float32), (first, second)), shape=(count, count)).tocsr()
    graph = graph.maximum(graph.T)
    sums = np.asarray(graph.sum(1)).ravel()
    return (diags(sums) - graph).astype(np.float32).tocsr()


def evened(
    values: FloatArray,  # [N, C]
    neighbours: NDArray[np.integer],  # [N, k]
    steps: int,
    within: NDArray[np.intp] | None = None,  # [M], None is all
) -> FloatArray:
    """Values [N, C] after averaging steps with the neighbours; those outside `within` stay."""
    result = values.astype(np.float32)
    at = slice(None) if within is None else within
    near = neighbours[at]
    for _ in range(steps):
        around = result[near].mean(1, dtype=np.float32)
        result[at] = OWN_SHARE * result[at] + (1 - OWN_SHARE) * around
    return result


def edges_within(
    neighbours: NDArray[np.integer],  # [N, k]
    groups: NDArray[np.generic],  # [N]
) -> csr_matrix:
    """Weight 1 from each Gaussian to its neighbours of the same group, [N, N]."""
    count, degree = neighbours.shape
    first = np.repeat(np.arange(count), degree)
    second = neighbours.reshape(-1).astype(np.int64)
    same = (groups[first] == groups[second]) & (first != second)
    ones = np.ones(int(same.sum()), np.float32)
    graph = coo_matrix((ones, (first[same], second[same])), shape=(count, count)).tocsr()
    return graph.maximum(graph.T).tocsr()
