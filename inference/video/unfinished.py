"""What a head video leaves on disk while it is made, so that it goes on after being killed.

A hidden folder beside the video holds `job.json` (what is being made: with anything else one
begins anew), `track` (rows of inference.video.track), numbered pieces of the video, the Gaussians
of each picture if they are wanted, and `state.npz`: how many pieces are whole, and what the
temporal filter remembers after them. Every file but the track is placed whole by renaming.
"""

import json
import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import OutputError
from inference.files import atomic_write
from inference.video.head_stream import START, Position


@dataclass(frozen=True)
class State:
    """How far the video is.

    Attributes:
        pieces: how many pieces are whole.
        position: where the stream of heads is after them.
        filter: what the temporal filter remembers.
    """

    pieces: int = 0
    position: Position = START
    filter: dict[str, NDArray[Any]] | None = None


class Unfinished:
    """The folder of one video.

    Args:
        video: the video that is being made.
        job: what is being made, as JSON can hold it.

    Raises:
        OutputError: the folder cannot be made.
    """

    def __init__(self, video: Path, job: dict[str, Any]) -> None:
        self.folder = video.with_name(f".{video.stem[:100]}.unfinished")
        self.track = self.folder / "track"
        wanted = json.dumps(job, indent=1, sort_keys=True)
        if self._job() != wanted:
            self.remove()
            with atomic_write(self.folder / "job.json") as temporary:
                temporary.write_text(wanted, encoding="utf-8")

    def _job(self) -> str | None:
        try:
            return (self.folder / "job.json").read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None

    def piece(self, number: int) -> Path:
        """Where a piece of the video is."""
        return self.folder / f"{number:06d}.mp4"

    def splats(self, picture: int) -> Path:
        """Where the Gaussians of a picture are."""
        return self.folder / "splats" / f"{picture:06d}.ply"

    def load(self) -> State:
        """How far it was; the start where that cannot be told."""
        try:
            with np.load(self.folder / "state.npz", allow_pickle=False) as file:
                stored = {name: file[name] for name in file.files}
            pieces, shown, made = (int(value) for value in stored.pop("progress"))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return State()
        if not all(self.piece(number).is_file() for number in range(pieces)):
            return State()
        return State(pieces, Position(shown, made), stored)

    def save(self, state: State) -> None:
        """Remember how far it is.

        Raises:
            OutputError: the disk is full.
        """
        with atomic_write(self.folder / "state.npz") as temporary:
            position = state.position
            progress = np.array([state.pieces, position.shown, position.made], np.int64)
            np.savez(temporary, allow_pickle=False, progress=progress, **(state.filter or {}))

    def place_splats(self, target: Path, pictures: int) -> None:
        """Move the Gaussians of all pictures to their folder, in place of older ones.

        Args:
            target: the folder.
            pictures: how many there are; those of a longer video made before are removed.

        Raises:
            OutputError: they cannot be moved.
        """
        try:
            target.mkdir(parents=True, exist_ok=True)
            for older in target.glob("*.ply"):
                if re.fullmatch(r"\d{6}", older.stem) and int(older.stem) >= pictures:
                    older.unlink()
            for file in sorted((self.folder / "splats").iterdir()):
                file.replace(target / file.name)
        except OSError as error:
            raise OutputError(
                f"Cannot write {target} ({error.strerror or error}): choose another folder."
            ) from error

    def remove(self) -> None:
        """Take the folder away."""
        try:
            shutil.rmtree(self.folder)
        except (FileNotFoundError, NotADirectoryError):
            pass  # nothing there, or a place that writing will complain about
        except OSError as error:
            raise OutputError(
                f"Cannot remove {self.folder} ({error.strerror or error}): "
                "remove it by hand and try again."
            ) from error
