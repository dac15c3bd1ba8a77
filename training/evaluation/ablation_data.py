"""Synthetic heads as shards: with all their views together, or each picture on its own."""

from pathlib import Path

from inference.errors import UsageError
from training.anchor_data import list_heads
from training.data.shard_file import NamedView, write_shard
from training.data.shards import ShardEntry, ShardIndex, write_index
from training.evaluation.held_out_subjects import load_subject


def write_synthetic_shards(heads: Path, out: Path, single_views: bool) -> int:
    """Turn the generator's heads into a shards folder.

    Args:
        heads: what training.synthetic.generate wrote.
        out: the shards folder; a finished one is left as it is.
        single_views: every picture is a capture of its own, as in-the-wild data are: a head
            is then compared with nothing but its input.

    Returns:
        Number of captures.

    Raises:
        UsageError: there are no heads.
    """
    paths = list_heads(heads)
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
            names = tuple(view.name for view in members)
            entries.append(ShardEntry(file, person, capture, names))
    name = "synthetic-single" if single_views else "synthetic"
    entries.sort(key=lambda entry: entry.file)
    write_index(out, ShardIndex(name, False, size, tuple(entries)))
    return len(entries)
