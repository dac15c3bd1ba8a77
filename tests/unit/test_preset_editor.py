"""Editing with the paper's presets: map and style through equation 8, the style network named."""

from dataclasses import replace

import numpy as np
import pytest

from inference.device import CPU, Device
from inference.editing.preset_editor import PresetEditor, keep_look
from inference.editing.types import EditRequest, Style
from inference.engine_protocol import Reconstruction, ReconstructionOptions
from inference.errors import InvalidModelError, UsageError
from inference.face_map.labels import Label
from inference.head.gaussians import NUM_GAUSSIANS
from inference.model import config as configs
from inference.progress import Cancelled, CancelToken, no_progress
from inference.rendering.camera import orbit_camera
from tests.unit.editing_files import TINY, write_editing

STYLE, WIDTH = "clip-vit-b-32", 512
LABELS = np.zeros((96, 96), np.uint8)
LABELS[20:80, 25:70] = Label.FACE
LABELS[5:25, 20:75] = Label.HAIR


@pytest.fixture
def folder(tmp_path, template, monkeypatch):
    """The tiny preset with editing weights in which everything counts."""
    monkeypatch.setitem(configs.PRESETS, "tiny", TINY)
    write_editing(tmp_path / "editing.safetensors", template, STYLE, WIDTH)
    return tmp_path


def style(seed, network=STYLE):
    vector = np.random.default_rng(seed).normal(size=WIDTH).astype(np.float32)
    return Style(vector / np.linalg.norm(vector), network, "a style")


def editor(folder, template, device=CPU):
    return PresetEditor(template, "tiny", folder / "model.safetensors", device)


def edit(made, *arguments, **options):
    return made.edit(EditRequest(*arguments, **options), no_progress, CancelToken())


def test_map_and_style_both_make_the_head(folder, template):
    made = editor(folder, template)
    first = edit(made, LABELS, style(1))
    assert len(first.gaussians) == NUM_GAUSSIANS
    assert first.model == "tiny"
    again = edit(made, LABELS, style(1)).gaussians
    np.testing.assert_array_equal(first.gaussians.colours, again.colours)
    restyled = edit(made, LABELS, style(2)).gaussians
    assert np.abs(restyled.colours - again.colours).max() > 1e-3
    painted = LABELS.copy()
    painted[60:70, 35:60] = Label.HAIR
    repainted = edit(made, painted, style(1)).gaussians
    assert np.abs(repainted.colours - again.colours).max() > 1e-4


def test_without_a_change_the_portraits_own_head_stays(folder, template):
    made = editor(folder, template)
    own = edit(made, LABELS, style(5)).gaussians
    base = Reconstruction(own, orbit_camera(size=(96, 96)), None, ReconstructionOptions())
    kept = edit(made, LABELS, style(1), base, LABELS, style(1), keep_identity=1.0).gaussians
    np.testing.assert_allclose(kept.means, own.means, atol=1e-6)
    np.testing.assert_allclose(kept.colours, own.colours, atol=1e-5)
    np.testing.assert_allclose(kept.scales, own.scales, rtol=1e-4)
    free = edit(made, LABELS, style(1), base, LABELS, style(1), keep_identity=0.0).gaussians
    assert np.abs(free.colours - own.colours).max() > 1e-3


def test_preparing_reads_the_model_and_changes_no_bit(folder, template):
    made = editor(folder, template)
    own = edit(made, LABELS, style(5)).gaussians
    base = Reconstruction(own, orbit_camera(size=(96, 96)), None, ReconstructionOptions())
    request = EditRequest(LABELS, style(1), base, LABELS, style(1), keep_identity=1.0)
    prepared = editor(folder, template)
    prepared.prepare_edits(request, no_progress, CancelToken())
    (folder / "editing.safetensors").unlink()
    after = prepared.edit(request, no_progress, CancelToken()).gaussians
    np.testing.assert_array_equal(
        after.means, made.edit(request, no_progress, CancelToken()).gaussians.means
    )
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        prepared.prepare_edits(request, no_progress, token)


def test_what_the_map_moved_is_the_models(folder, template):
    made = editor(folder, template)
    before, base = (edit(made, LABELS, style(seed)).gaussians for seed in (1, 2))
    moved = replace(before, means=before.means + np.float32([0.02, 0, 0]))
    np.testing.assert_array_equal(keep_look(moved, before, base, 1.0).means, moved.means)


def test_half_precision_changes_little(folder, template):
    exact = edit(editor(folder, template), LABELS, style(1)).gaussians
    rough = edit(editor(folder, template, Device("cpu", "bfloat16")), LABELS, style(1)).gaussians
    assert 0 < np.abs(exact.colours - rough.colours).max() < 0.05
    assert np.abs(exact.means - rough.means).max() < 1e-3


def test_what_is_missing_or_does_not_fit_is_one_sentence(folder, template, tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="wants styles of clip-vit-b-32, not of embedded"):
        edit(editor(folder, template), LABELS, style(1, "embedded-style"))
    monkeypatch.setenv("PERCHEAD_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    made = editor(folder, template)
    with pytest.raises(UsageError, match="few words"):
        made.style_of_text("  ", no_progress, CancelToken())
    with pytest.raises(InvalidModelError, match="models get clip-vit-b-32"):
        made.style_of_text("red hair", no_progress, CancelToken())
    (folder / "editing.safetensors").write_bytes(b"nothing")
    with pytest.raises(InvalidModelError, match="no editing weights"):
        edit(editor(folder, template), LABELS, style(1))
    (folder / "editing.safetensors").unlink()
    with pytest.raises(InvalidModelError, match="no weights for editing"):
        edit(editor(folder, template), LABELS, style(1))


def test_it_can_be_cancelled(folder, template):
    cancel = CancelToken()

    def progress(stage, fraction):
        if fraction > 0.3:
            cancel.cancel()

    with pytest.raises(Cancelled):
        editor(folder, template).edit(EditRequest(LABELS, style(1)), progress, cancel)
