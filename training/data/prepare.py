"""Prepare a published data set for training, once.

    python -m training.data.prepare --dataset nersemble --source DIR --out SHARDS

Finds faces, cuts head crops, cuts out the person, and brings every camera into the template's
world. Writes the layout of training.data.shard_file. What can't be used is listed in
SHARDS/broken.json and skipped. May be stopped at any time, also by kill -9: started again with
the same options it goes on, and the result is the same.
"""

import argparse
import json
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tqdm import tqdm

from inference.errors import UsageError
from inference.files import atomic_write
from training.data import ava256, cafca, ffhq, nersemble, neutral, vfhq
from training.data.capture import Capture, DatasetSource
from training.data.errors import BrokenSampleError
from training.data.preparation import CapturePreparer, reasons
from training.data.shard_file import FORMAT, read_description, shard_file_name, write_shard
from training.data.shards import ShardEntry, ShardIndex, write_index
from training.runs.command_line import command_parser, exit_status

DATASETS = ("nersemble", "cafca", "ffhq", "ava256", "vfhq", "neutral")

SIZE = 512
"""Edge of prepared crops in pixels, as the application's (inference.portrait.prepare)."""

CHUNK = 16
"""Captures that a process prepares with networks loaded once (our choice)."""


@dataclass(frozen=True)
class PrepareSettings:
    """How crops are made; a folder holds crops of one setting only.

    Attributes:
        dataset: its name.
        size: edge in pixels.
        needs_face: see DatasetSource.
        unoccluded: see DatasetSource.
    """

    dataset: str
    size: int
    needs_face: bool
    unoccluded: bool


@dataclass(frozen=True)
class Outcome:
    """What became of one capture.

    Attributes:
        entry: its shard; None where nothing can be used.
        broken: what was left out, as broken.json lists it.
    """

    entry: ShardEntry | None
    broken: tuple[dict[str, Any], ...]


class Worker:
    """Prepares captures, one after the other, and writes their shards."""

    def __init__(self, out: Path, settings: PrepareSettings) -> None:
        self._out, self._settings = out, settings
        self._preparer: CapturePreparer | None = None  # the networks are loaded when needed

    def run(self, capture: Capture) -> Outcome:
        """The capture's outcome, from disk where an earlier run had it.

        Raises:
            OutputError: the shard can't be written.
        """
        shard = self._out / shard_file_name(capture.person, capture.key)
        verdict = shard.with_suffix(".broken.json")
        if not shard.exists() and not verdict.exists():
            self._prepare(capture, shard, verdict)
        if verdict.exists():
            reason = str(json.loads(verdict.read_text(encoding="utf-8"))["reason"])
            return Outcome(None, ({"capture": capture.key, "view": None, "reason": reason},))
        described = read_description(shard)
        entry = ShardEntry(
            shard.relative_to(self._out).as_posix(),
            capture.person,
            capture.key,
            tuple(view["name"] for view in described["views"]),
        )
        broken = tuple({"capture": capture.key, **out} for out in described["left_out"])
        return Outcome(entry, broken)

    def _prepare(self, capture: Capture, shard: Path, verdict: Path) -> None:
        if self._preparer is None:
            s = self._settings
            self._preparer = CapturePreparer(s.size, s.needs_face, s.unoccluded)
        try:
            prepared = self._preparer.prepare(capture)
        except BrokenSampleError as error:
            with atomic_write(verdict) as temporary:
                temporary.write_text(json.dumps({"reason": str(error)}), encoding="utf-8")
            return
        left_out = reasons(prepared.left_out)
        write_shard(shard, capture.person, capture.key, prepared.views, left_out)


def prepare(source: DatasetSource, out: Path, size: int = SIZE, workers: int = 0) -> ShardIndex:
    """Prepare a data set.

    Args:
        source: the data set.
        out: the shards folder.
        size: edge of the crops in pixels.
        workers: processes beside this one; 0 works here.

    Raises:
        UsageError: `out` was begun with other settings, or nothing can be used.
        OutputError: the disk is full.
    """
    settings = PrepareSettings(source.name, size, source.needs_face, source.unoccluded)
    _check_settings(out, settings)
    entries: list[ShardEntry] = []
    broken: list[dict[str, Any]] = []
    wanted = source.limit or len(source.captures)
    with tqdm(total=min(wanted, len(source.captures)), unit="capture", desc=source.name) as bar:
        for outcome in _outcomes(source.captures, out, settings, workers):
            broken += outcome.broken
            if outcome.entry is not None:
                entries.append(outcome.entry)
            bar.set_postfix(usable=len(entries), left_out=len(broken), refresh=False)
            if source.limit is None or outcome.entry is not None:
                bar.update()
            if len(entries) == wanted:
                break
    with atomic_write(out / "broken.json") as temporary:
        temporary.write_text(json.dumps(broken, indent=1) + "\n", encoding="utf-8")
    if not entries:
        raise UsageError(f"Nothing of the data set can be used: {out / 'broken.json'} says why.")
    index = ShardIndex(source.name, source.real, size, tuple(sorted(entries, key=_by_file)))
    write_index(out, index)
    return index


def _outcomes(
    captures: Sequence[Capture], out: Path, settings: PrepareSettings, workers: int
) -> Iterator[Outcome]:
    """Outcomes in the order of the captures."""
    if workers < 1:
        worker = Worker(out, settings)
        for capture in captures:
            yield worker.run(capture)
        return
    chunks = [captures[at : at + CHUNK] for at in range(0, len(captures), CHUNK)]
    # OpenCV's threads do not survive a fork.
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        waiting: deque[Future[list[Outcome]]] = deque()
        try:
            for chunk in chunks:
                waiting.append(pool.submit(_run, chunk, out, settings))
                if len(waiting) > 2 * workers:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _run(captures: Sequence[Capture], out: Path, settings: PrepareSettings) -> list[Outcome]:
    """Outcomes of some captures, in a process of its own."""
    worker = Worker(out, settings)
    return [worker.run(capture) for capture in captures]


def _by_file(entry: ShardEntry) -> str:
    return entry.file


def _check_settings(out: Path, settings: PrepareSettings) -> None:
    """Write the settings, or compare with those of an earlier run."""
    path = out / "prepare.json"
    content = {"format": FORMAT, **vars(settings)}
    if not path.exists():
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(content) + "\n", encoding="utf-8")
        return
    try:
        same = json.loads(path.read_text(encoding="utf-8")) == content
    except ValueError:
        same = False
    if not same:
        raise UsageError(f"{out} was begun with other settings: choose another folder.")


def open_dataset(options: argparse.Namespace) -> DatasetSource:
    """The data set that the command line names.

    Raises:
        UsageError: the folder has not the published layout, or an option does not fit.
    """
    root: Path = options.source
    if not root.is_dir():
        raise UsageError(f"There is no folder {root}.")
    if options.frames < 1:
        raise UsageError("--frames must be at least 1.")
    match options.dataset:
        case "nersemble":
            return nersemble.open_source(root, options.frames)
        case "cafca":
            return cafca.open_source(root)
        case "ffhq":
            return ffhq.open_source(root, options.limit or ffhq.SUBSET)
        case "ava256":
            return ava256.open_source(root, options.frames)
        case "vfhq":
            return vfhq.open_source(root, options.frames)
        case _:
            return neutral.open_source(root, options.name, options.real)


def _parser() -> argparse.ArgumentParser:
    parser = command_parser("training.data.prepare", __doc__)
    add = parser.add_argument
    add("--dataset", required=True, choices=DATASETS)
    add("--source", required=True, type=Path, help="the data set's folder, as published")
    add("--out", required=True, type=Path, help="folder of shards to write")
    add("--size", type=int, default=SIZE, help="edge of the crops in pixels")
    add("--limit", type=int, help="stop after so many usable captures (FFHQ: 3000)")
    add("--frames", type=int, default=1, help="moments taken of each video or capture")
    add("--workers", type=int, default=0, help="processes; 0 works in this one")
    add("--name", default="neutral", help="what to call a data set in the neutral layout")
    add("--real", action="store_true", help="the neutral layout shows real people")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; 2 for something the user can mend."""
    options = _parser().parse_args(arguments)
    return exit_status(lambda: run(options))


def run(options: argparse.Namespace) -> int:
    """Prepare what the options name and say what came of it; 0.

    Raises:
        UsageError: a number out of range; otherwise see open_dataset and prepare.
    """
    if options.size < 64 or (options.limit is not None and options.limit < 1):
        raise UsageError("--size must be at least 64, and --limit at least 1.")
    source = open_dataset(options)
    if options.limit is not None:
        source = replace(source, limit=options.limit)
    index = prepare(source, options.out, options.size, options.workers)
    views = sum(len(entry.views) for entry in index.entries)
    print(f"{len(index.entries)} captures with {views} views in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
