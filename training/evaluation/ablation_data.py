"""Synthetic heads as shards: with all their views together, or each picture on its own."""

from collections.abc import Sequence
from pathlib import Path

from inference.errors import UsageError
from training.anchors.data import list_heads
from training.data.shard_file import NamedView, write_shard
from training.data.shards import ShardEntry, ShardIndex, write_index
from training.evaluation.held_out_subjects import load_subject

Halves = tuple[tuple[str, ...], tuple[str, ...]]


def halves_of(heads: Path, most: int | None = None) -> Halves:
    """Names of the heads that are shown from many sides, and of those shown one by one.

    Every other head, so that the two sets hold different people, as in the paper.

    Args:
        heads: what training.synthetic.generate wrote.
        most: use at most so many heads.

    Raises:
        UsageError: there are not even two.
    """
    names = [path.name for path in list_heads(heads)][:most]
    if len(names) < 2:
        raise UsageError(f"{heads} needs two heads at least: run training.synthetic.generate.")
    return tuple(names[::2]), tuple(names[1::2])


def write_synthetic_shards(
    heads: Path, out: Path, single_views: bool, names: Sequence[str] | None = None
) -> int:
    """Turn the generator's heads into a shards folder.

    Args:
        heads: what training.synthetic.generate wrote.
        out: the shards folder; what it holds already is left as it is.
        single_views: every picture is a capture of its own, as in-the-wild data are: a head
            is then compared with nothing but its input.
        names: which heads; None is all.

    Returns:
        Number of captures.

    Raises:
        UsageError: there are no heads.
    """
    paths = list_heads(heads) if names is None else [heads / name for name in names]
    if not paths:
        raise UsageError(f"{heads} holds no heads: run python -m training.synthetic.generate.")
    entries: list[ShardEntry] = []
    size = 0
    for path in paths:
        person = path.stem
        views = [
            NamedView(f"{number:02d}", view) for number, view in enumerate(load_subject(path).views)
        ]
        size = views[0].view.rgb.shape[0]
        captures = [[view] for view in views] if single_views else [views]
        for number, members in enumerate(captures):
            capture = f"{person}-{number:02d}"
            file = f"captures/{person}/{capture}.zip"
            if not (out / file).exists():
                write_shard(out / file, person, capture, members)
            names_of_views = tuple(view.name for view in members)
            entries.append(ShardEntry(file, person, capture, names_of_views))
    name = "synthetic-single" if single_views else "synthetic"
    entries.sort(key=lambda entry: entry.file)
    write_index(out, ShardIndex(name, False, size, tuple(entries)))
    return len(entries)
