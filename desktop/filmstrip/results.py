"""The results in the order in which they were made; each can be made again."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from desktop.editing.look import Look
from desktop.editing.maker import EditKey, EditMaker, Wanted
from desktop.engine_holder import EngineHolder, editing_engine
from desktop.export.exports import HeadSource
from desktop.filmstrip.thumbnails import Thumbnails, glance
from desktop.session import Session, Topic
from desktop.workers import Job
from inference.editing.types import EditedHead
from inference.head.gaussians import Gaussians

LIMIT = 80  # results, and as many that were removed; the oldest go for good. Our choice


class Result:
    """One head, with all that it was made from.

    Attributes:
        number: how the user counts it; 0 is the portrait's own head.
        wanted: map, style, keep and seed, as a request; None for the portrait's own head.
        model: what made it.
        depth: of the history when it was made; steps of one gesture have the same.
        picture: its thumbnail; while that is drawn, what the view shows of it, or None.
    """

    def __init__(self, number: int, wanted: Wanted | None, model: str, depth: int = 0) -> None:
        self.number, self.wanted, self.model, self.depth = number, wanted, model, depth
        self.picture: QImage | None = None

    @property
    def title(self) -> str:
        """What the user reads under it."""
        return "Original" if self.wanted is None else str(self.number)

    @property
    def says(self) -> str:
        """What it was made from, in a line."""
        if self.wanted is None:
            return "The portrait's own head"
        return f"{self.wanted.key.look.title}  ({self.model})"

    @property
    def key(self) -> EditKey | None:
        """What decides it."""
        return self.wanted.key if self.wanted else None

    @property
    def labels(self) -> NDArray[np.uint8] | None:
        """Its face map [512, 512]; None is the parsed one."""
        return self.wanted.request.labels if self.wanted else None


class Results(QObject):
    """Collects what the maker makes.

    Signals:
        changed: results were added or removed, another one is shown, or a thumbnail is there.

    Attributes:
        items: in the strip, oldest first; the portrait's own head leads once there is another one.
        shown: the one in the window.
        partner: the one that is compared with it, or that a transition comes from; while it is
            removed, another one stands in.
    """

    changed = Signal()

    def __init__(
        self, session: Session, maker: EditMaker, engine: EngineHolder, thumbnails: Thumbnails
    ) -> None:
        super().__init__()
        self._session, self._maker, self._engine = session, maker, engine
        self._thumbnails = thumbnails
        self._count = 0
        self._seen: tuple[Gaussians, QImage] | None = None
        self._made: list[Result] = []  # with those that were removed, which undo brings back
        self.items: list[Result] = []
        self.shown: Result | None = None
        self.partner: Result | None = None
        maker.made.connect(self._on_made)
        maker.shown.connect(self._on_shown)
        session.subscribe(self._on_session)

    def add(self, wanted: Wanted, edited: EditedHead) -> Result:
        """Take a new head, unless it is there already; one that was removed returns."""
        there = self._find(wanted.key)
        if there is not None:
            self._session.put_back(there.number)
            return there
        if not self._made:
            self._add_original()
        self._count += 1
        result = Result(self._count, wanted, edited.model, self._session.history.depth)
        self._made.append(result)
        self._drop_oldest()
        self._gather()
        self._draw(result, edited.gaussians)
        self._fill_in()
        self.changed.emit()
        return result

    def see(self, gaussians: Gaussians, view: QImage) -> None:
        """The view shows a head now: that stands in until the head's thumbnail is drawn."""
        self._seen = gaussians, view
        if self._fill_in():
            self.changed.emit()

    def remove(self, result: Result) -> None:
        """Take a result out of the strip, as a step that can be undone; nothing else changes."""
        if result in self.items and result.wanted is not None and result is not self.shown:
            removed = self._session.edits.removed | {result.number}
            self._session.change(f"Remove Result {result.title}", removed=removed)

    def restore(self, result: Result) -> None:
        """Put map, style and head of a result back, as one step that can be undone."""
        if result is self.shown:
            return
        key = result.key
        title = f"Go to {result.title}" if key is None else f"Go to Result {result.title}"
        if key is None:
            look = Look(keep=self._session.edits.look.keep)
            self._session.restore(title, None, look=look)
        else:
            self._session.restore(
                title, result.labels, crop=key.crop, options=key.options, look=key.look
            )

    def step(self, by: int) -> None:
        """Go to the result before or after the one that is shown."""
        if self.shown in self.items:
            index = self.items.index(self.shown) + by
            if 0 <= index < len(self.items):
                self.restore(self.items[index])

    def choose_partner(self, result: Result | None) -> None:
        """Compare with this one from now on."""
        self.partner = result
        self.changed.emit()

    @property
    def pair(self) -> tuple[Result, Result] | None:
        """Two results to compare: the partner, by default the newest other one, and the shown."""
        shown = self.shown
        if shown is None or shown not in self.items:
            return None
        partner = self.partner
        if partner is None or partner is shown or partner not in self.items:
            others = [item for item in self.items if item is not shown]
            if not others:
                return None
            before = self.items.index(shown) - 1
            partner = others[-1] if before < 0 else self.items[before]
        return partner, shown

    def head_of(self, result: Result) -> Gaussians | None:
        """Its Gaussians, where they are still remembered."""
        if result.wanted is None:
            return self._session.head.gaussians if self._session.head else None
        edited = self._maker.head_of(result.wanted)
        return edited.gaussians if edited else None

    def source_of(self, result: Result) -> HeadSource:
        """What gives its Gaussians in a worker, made again where they were forgotten."""
        there, wanted, engine = self.head_of(result), result.wanted, self._engine

        def give(job: Job) -> Gaussians:
            if there is not None or wanted is None:
                assert there is not None
                return there
            editing = editing_engine(engine.get(job.report, job.token))
            return editing.edit(wanted.request, job.report, job.token).gaussians

        return give

    def _find(self, key: EditKey | None) -> Result | None:
        return next((item for item in self._made if item.key == key), None)

    def _gather(self) -> None:
        """Have in the strip what was made and not removed."""
        removed = self._session.edits.removed
        self.items[:] = [item for item in self._made if item.number not in removed]

    def _drop_oldest(self) -> None:
        removed = self._session.edits.removed
        numbered = [item for item in self._made if item.wanted is not None]
        for gone in (True, False):
            alike = [item for item in numbered if (item.number in removed) is gone]
            for oldest in alike[:-LIMIT]:
                self._made.remove(oldest)

    def _add_original(self) -> None:
        head = self._session.head
        if head is None:
            return
        original = Result(0, None, head.model)
        self._made.insert(0, original)
        self._draw(original, head.gaussians)

    def _on_made(self, wanted: Wanted, edited: EditedHead) -> None:
        last = self._made[-1] if self._made else None
        moved_on = last is self.shown and last is not None and _same_but_sliders(last, wanted)
        if last is not None and moved_on and last.depth == self._session.history.depth:
            self._made.remove(last)
            self._count -= 1
            self._gather()
        self.add(wanted, edited)

    def _on_shown(self, key: EditKey | None) -> None:
        self.shown = self._find(key)
        if self.shown is not None:
            self._session.put_back(self.shown.number)  # what is in the window is in the strip
        self.changed.emit()

    def _fill_in(self) -> bool:
        if self._seen is None:
            return False
        gaussians, view = self._seen
        lacking = [
            item for item in self.items if item.picture is None and self.head_of(item) is gaussians
        ]
        for item in lacking:
            item.picture = glance(view)
        return bool(lacking)

    def _draw(self, result: Result, gaussians: Gaussians) -> None:
        self._thumbnails.draw(gaussians, lambda picture: self._on_picture(result, picture))

    def _on_picture(self, result: Result, picture: QImage) -> None:
        result.picture = picture
        self.changed.emit()

    def _on_session(self, topic: Topic) -> None:
        if topic is Topic.PORTRAIT:
            self._made.clear()
            self._gather()
            self.shown, self.partner, self._count = None, None, 0
            self._seen = None
            self.changed.emit()
        elif topic is Topic.REMOVED:
            self._gather()
            self.changed.emit()
        elif topic is Topic.HEAD and self._made and self._session.head is not None:
            original = self._made[0]
            original.model = self._session.head.model
            self._draw(original, self._session.head.gaussians)


def _same_but_sliders(last: Result, wanted: Wanted) -> bool:
    """Whether only a slider stands elsewhere; one that is dragged needs one place in the strip."""
    if last.wanted is None:
        return False
    old, new = last.wanted.key, wanted.key
    if (old.crop, old.options, old.labels) != (new.crop, new.options, new.labels):
        return False
    a, b = old.look, new.look
    same_styles = (a.source, a.second, a.seed) == (b.source, b.second, b.seed)
    return same_styles and a != b
