"""The models and the work on their files; goes on while no window shows it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.models import work
from desktop.models.figures import Figures
from desktop.models.work import ModelWork, Note, Place
from desktop.workers import Job, JobRunner
from inference.catalogue.entries import ModelEntry
from inference.catalogue.store import ModelStore

MakeWork = Callable[[Figures], ModelWork]


class Shelf(QObject):
    """What is known of each model; everything that asks the disk or the net runs in workers.

    Signals:
        changed: something about the model of this id, or the work on it, is new.
        finished: the model of this id has been fetched or imported.

    Attributes:
        models: the table.
        store: where the files are.
        places: where each model is, by id; one that was not looked for yet is missing.
        jobs: the work going on, by id; there is one at a time.
        figures: where that work is, by id.
        notes: what is to be said of the last work, by id.
    """

    changed = Signal(str)
    finished = Signal(str)

    def __init__(
        self,
        runner: JobRunner,
        models: Sequence[ModelEntry],
        store: ModelStore,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner = runner
        self.models, self.store = tuple(models), store
        self.places: dict[str, Place] = {}
        self.jobs: dict[str, Job] = {}
        self.figures: dict[str, Figures] = {}
        self.notes: dict[str, Note] = {}
        self._fetching: set[str] = set()

    @property
    def fetching(self) -> list[str]:
        """Ids of the models that are on their way here."""
        return [entry.id for entry in self.models if entry.id in self._fetching]

    def look(self) -> None:
        """Look again where every model is."""
        self._look(self.models)

    def get(self, entry: ModelEntry) -> None:
        """Fetch a model whose licence the user has accepted."""
        self._fetch(entry, lambda figures: work.get(self.store, entry, figures))

    def bring(self, entry: ModelEntry, source: Path) -> None:
        """Import a model whose licence the user has accepted."""
        self._fetch(entry, lambda figures: work.bring(self.store, entry, source, figures))

    def verify(self, entry: ModelEntry) -> None:
        """Compare a model with what was published."""
        self._start(entry, "Verifying", lambda figures: work.verify(self.store, entry, figures))

    def remove(self, entry: ModelEntry) -> None:
        """Delete our copy of a model."""
        self._start(entry, "Removing", lambda figures: work.remove(self.store, entry))

    def cancel(self, entry: ModelEntry) -> None:
        """Stop the work on a model; what has arrived stays."""
        if entry.id in self.jobs:
            self.jobs[entry.id].cancel()
            self.changed.emit(entry.id)

    def _fetch(self, entry: ModelEntry, make: MakeWork) -> None:
        if entry.id not in self.jobs:
            self._fetching.add(entry.id)
        self._start(entry, "Fetching", make)

    def _start(self, entry: ModelEntry, title: str, make: MakeWork) -> None:
        if entry.id in self.jobs:
            return
        self.notes.pop(entry.id, None)
        self.figures[entry.id] = figures = Figures(title)
        job = self._runner.start(f"{title} {entry.id}", make(figures))
        self.jobs[entry.id] = job
        job.succeeded.connect(lambda note: self._on_done(entry, note))
        job.failed.connect(lambda sentence: self._note(entry, Note(sentence, bad=True)))
        job.ended.connect(lambda: self._on_ended(entry, job))
        self.changed.emit(entry.id)

    def _on_done(self, entry: ModelEntry, note: Note | None) -> None:
        if note is not None:
            self._note(entry, note)
        elif entry.id in self._fetching:
            self.finished.emit(entry.id)

    def _note(self, entry: ModelEntry, note: Note) -> None:
        self.notes[entry.id] = note

    def _on_ended(self, entry: ModelEntry, job: Job) -> None:
        self._fetching.discard(entry.id)
        if not job.superseded:  # else the application is being closed
            self._look((entry,))

    def _look(self, entries: Sequence[ModelEntry]) -> None:
        job = self._runner.start(
            "Looking for models", lambda job: {e.id: work.look(self.store, e) for e in entries}
        )
        job.succeeded.connect(self.places.update)
        job.ended.connect(lambda: self._on_looked(entries))

    def _on_looked(self, entries: Sequence[ModelEntry]) -> None:
        # Work is over only when its effect is known: no button shows for what was before it.
        for entry in entries:
            if entry.id in self.jobs and self.jobs[entry.id].done:
                del self.jobs[entry.id]
            self.changed.emit(entry.id)
