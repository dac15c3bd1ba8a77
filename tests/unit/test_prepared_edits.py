"""What edits of a portrait share is made once: before the first, by it, or by both at once."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from inference.editing.editor import Editor
from inference.editing.types import EditRequest, Style
from inference.errors import UsageError
from inference.face_map.labels import Label
from inference.features.embedded_style import NAME
from inference.features.style_blocks import WIDTH
from inference.head.gaussians import NUM_GAUSSIANS
from inference.progress import Cancelled, CancelToken, no_progress
from inference.rendering.camera import orbit_camera
from tests.unit.grey_portrait import face_under_hair, grey_portrait

SIZE = 512
HEAD, MAP = "Shaping the head", "Fitting the map"
LONGEST = 60  # seconds that a thread is waited for


@pytest.fixture
def editor(template):
    return Editor(template)


@pytest.fixture(scope="module")
def hat(template):
    """A hat painted on a portrait."""
    labels = face_under_hair()
    painted = labels.copy()
    painted[60:120, 180:330] = Label.HAT
    vector = np.random.default_rng(3).normal(size=WIDTH)
    own = Style((vector / np.linalg.norm(vector)).astype(np.float32), NAME, "own")
    return EditRequest(painted, own, grey_portrait(template), labels, own, keep_identity=1.0)


class Told:
    """Counts the heads that were made: each ends with its map's fit."""

    def __init__(self):
        self.heads = 0

    def __call__(self, stage, fraction):
        if stage == MAP and fraction == 1.0:
            self.heads += 1


def test_a_first_edit_makes_two_heads_and_a_prepared_one_makes_one(editor, hat, template):
    first = Told()
    unprepared = editor.edit(hat, first, CancelToken())
    assert first.heads == 2
    other = Editor(template)
    preparing, edit = Told(), Told()
    other.prepare_edits(hat, preparing, CancelToken())
    prepared = other.edit(hat, edit, CancelToken())
    assert (preparing.heads, edit.heads) == (1, 1)
    for name in ("means", "quaternions", "scales", "opacities", "colours"):
        np.testing.assert_array_equal(
            getattr(prepared.gaussians, name), getattr(unprepared.gaussians, name)
        )
    again = Told()
    other.prepare_edits(hat, again, CancelToken())
    assert again.heads == 0


def test_another_portrait_is_prepared_anew(editor, hat):
    told = Told()
    editor.prepare_edits(hat, told, CancelToken())
    turned = replace(hat.base, camera=orbit_camera(10, size=(SIZE, SIZE)))
    editor.prepare_edits(replace(hat, base=turned), told, CancelToken())
    editor.prepare_edits(replace(hat, base_labels=hat.labels), told, CancelToken())
    assert told.heads == 3


class Meanwhile:
    """An edit that begins while the preparation is in its middle."""

    def __init__(self, editor, request):
        self.editor, self.request = editor, request
        self.token, self.heads, self.result = CancelToken(), Told(), None
        self.preparing, self.waiting = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        assert self.preparing.wait(LONGEST)
        try:
            self.result = self.editor.edit(self.request, self._progress, self.token)
        except Cancelled as error:
            self.result = error
            self.waiting.set()

    def _progress(self, stage, fraction):
        self.heads(stage, fraction)
        if stage == MAP and fraction == 1.0:
            self.waiting.set()  # its own part is done: what remains is the portrait's

    def prepare(self, in_the_middle):
        """Prepare; call in_the_middle() when the edit can only wait any more."""
        told, token = Told(), CancelToken()

        def progress(stage, fraction):
            told(stage, fraction)
            if stage == HEAD and fraction > 0.3 and not self.preparing.is_set():
                self.preparing.set()
                assert self.waiting.wait(LONGEST)
                in_the_middle(token)

        self.thread.start()
        try:
            self.editor.prepare_edits(self.request, progress, token)
        finally:
            self.waiting.wait(LONGEST)
        return told


def test_an_edit_that_begins_meanwhile_uses_what_is_being_made(editor, hat):
    edit = Meanwhile(editor, hat)
    told = edit.prepare(lambda token: None)
    edit.thread.join(LONGEST)
    assert (told.heads, edit.heads.heads) == (1, 1)
    alone = editor.edit(hat, no_progress, CancelToken())
    np.testing.assert_array_equal(edit.result.gaussians.means, alone.gaussians.means)
    np.testing.assert_array_equal(edit.result.gaussians.colours, alone.gaussians.colours)


def test_an_edit_makes_itself_what_a_cancelled_preparation_left(editor, hat):
    edit = Meanwhile(editor, hat)
    with pytest.raises(Cancelled):
        edit.prepare(lambda token: token.cancel())
    edit.thread.join(LONGEST)
    assert edit.heads.heads == 2
    assert len(edit.result.gaussians) == NUM_GAUSSIANS


def test_an_edit_that_waits_can_be_cancelled_and_the_preparation_goes_on(editor, hat):
    edit = Meanwhile(editor, hat)

    def cancel(_):
        edit.token.cancel()
        edit.thread.join(LONGEST)
        assert isinstance(edit.result, Cancelled)

    assert edit.prepare(cancel).heads == 1


def test_a_style_of_another_network_is_refused(editor, hat):
    strange = replace(hat.style, network="another")
    with pytest.raises(UsageError, match="make the style anew"):
        editor.prepare_edits(replace(hat, base_style=strange), no_progress, CancelToken())
