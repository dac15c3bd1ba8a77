"""The tables say what was measured, beside the paper's figures, and nothing else."""

import json

import numpy as np
import pytest

from inference.errors import UsageError
from inference.head.gaussians import NUM_GAUSSIANS, Gaussians
from inference.head.template import HeadTemplate
from inference.model.checkpoint import CheckpointInfo
from inference.rendering.camera import orbit_camera
from inference.rendering.portable.renderer import PortableRenderer
from training.anchors.data import CLOTH, HAIR, SKIN, HeadTargets
from training.anchors.metrics import FACE_LABELS
from training.anchors.target_splats import splats_of_targets
from training.data.sample import TrainingView
from training.evaluation.ablations import ABLATIONS
from training.evaluation.anchor_errors import anchor_errors
from training.evaluation.contact_sheet import TILE, contact_sheet
from training.evaluation.groups import groups_of, typology_angle
from training.evaluation.head_source import ExactHeads
from training.evaluation.measure import EXTREME, NOVEL, RunOptions, measure
from training.evaluation.metrics import MetricSet, load_metrics
from training.evaluation.paper_figures import ABLATIONS as PAPER
from training.evaluation.paper_figures import RESULTS
from training.evaluation.report import build_report, markdown, read_json, write_json
from training.evaluation.subject import Subject
from training.evaluation.targets import CEILING_TARGETS, MODEL_TARGETS
from training.evaluation.view_selection import AVA256, HELD_OUT
from training.model_card import model_card

SIZE = 96
YAWS = (-74, -45, -16, 16, 45, 74)


def _targets(template: HeadTemplate, shade: int) -> HeadTargets:
    colours = np.full((NUM_GAUSSIANS, 3), shade, np.uint8)
    kind = np.where(template.labels == 14, HAIR, SKIN).astype(np.uint8)
    return HeadTargets(template.anchors.astype(np.float16), colours, kind)


class _Subjects:
    """Two heads drawn from their exact anchors."""

    protocol = HELD_OUT
    fingerprint = "two"

    def __init__(self, template: HeadTemplate, renderer: PortableRenderer) -> None:
        self.people = []
        for number, (sex, shade) in enumerate((("female", 90), ("male", 180))):
            targets = _targets(template, shade)
            head = splats_of_targets(targets)
            views = []
            for yaw in YAWS:
                camera = orbit_camera(yaw, size=(SIZE, SIZE))
                frame = renderer.render(head, camera)
                rgb = frame.colour / np.maximum(frame.alpha[..., None], 1e-3)
                views.append(TrainingView(np.clip(rgb, 0, 1), frame.alpha, camera))
            groups = {"sex": sex, "skin tone": "light"}
            self.people.append(Subject(f"test/{number}", tuple(views), targets, groups))

    def __len__(self) -> int:
        return len(self.people)

    def __iter__(self):
        return iter(self.people)


@pytest.fixture(scope="module")
def template() -> HeadTemplate:
    return HeadTemplate.load()


@pytest.fixture(scope="module")
def found(template):
    renderer = PortableRenderer(1)
    subjects = _Subjects(template, renderer)
    loaded = load_metrics(["psnr", "ssim", "mask-iou"])
    metrics = MetricSet(loaded.metrics, {"lpips": "the package lpips is not installed"})
    options = RunOptions(size=64)
    result = measure(ExactHeads(), subjects, renderer, metrics.metrics, template.labels, options)
    renderer.close()
    return result, build_report("exact targets", subjects, metrics, options, result)


def test_exact_heads_measure_as_themselves(found):
    _, report = found
    for task in (NOVEL, EXTREME):
        assert report["scores"][task]["psnr"]["mean"] > 27  # only resampling differs
        assert report["scores"][task]["mask-iou"]["mean"] > 0.97
    assert report["anchors"]["face_mm"] == pytest.approx(0, abs=1e-3)
    assert report["protocol"]["identities"] == 2
    assert report["protocol"]["views"][NOVEL] == sum(v.task == NOVEL for v in found[0].views)
    assert all(target.reached(report) for target in CEILING_TARGETS)


def test_groups_split_the_same_views(found):
    result, report = found
    sexes = report["groups"]["sex"]
    assert set(sexes) == {"female", "male"}
    views = [sexes[sex]["scores"][NOVEL]["psnr"]["views"] for sex in sexes]
    assert sum(views) == report["scores"][NOVEL]["psnr"]["views"]
    female = [
        view.scores["psnr"]
        for view in result.views
        if view.groups["sex"] == "female" and view.task == NOVEL
    ]
    mean = sexes["female"]["scores"][NOVEL]["psnr"]["mean"]
    assert mean == pytest.approx(np.mean(female))


def test_a_report_is_written_and_read_and_others_are_refused(found, tmp_path):
    _, report = found
    write_json(report, tmp_path / "evaluation.json")
    assert read_json(tmp_path / "evaluation.json") == json.loads(json.dumps(report))
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(UsageError, match="evaluation"):
        read_json(tmp_path / "other.json")
    with pytest.raises(UsageError):
        read_json(tmp_path / "missing.json")


def test_the_page_names_what_was_left_out_and_shows_the_targets(found):
    page = markdown(found[1], MODEL_TARGETS)
    assert "LPIPS (alex): the package lpips is not installed" in page
    assert "| hair anchors, mm | ≤ 8 | 0.000 | yes |" in page
    assert "| identity distance, novel to extreme | ≤ 0.1 | – | not measured |" in page
    assert "sex: female" in page


def test_the_papers_rows_stand_beside_ours_on_its_data_only(found):
    report = dict(found[1])
    assert "PanoHead" not in "".join(markdown(report).split("PanoHead-tight"))
    page = markdown({**report, "data": AVA256.name})
    row = next(line for line in page.splitlines() if line.startswith("| PercHead (paper), extreme"))
    assert row == "| PercHead (paper), extreme | 15.90 | 0.678 | – |"


def test_figures_of_the_paper_are_complete():
    assert {data for data, _ in RESULTS} == {"Ava-256", "NeRSemble"}
    for rows in RESULTS.values():
        assert len(rows) == 6
        assert all(
            set(row) == {"psnr", "ssim", "lpips", "dreamsim", "arcface"} for row in rows.values()
        )
        ours = rows["PercHead (paper)"]
        assert all(ours["dreamsim"] <= row["dreamsim"] for row in rows.values())
    assert {ablation.name for ablation in ABLATIONS} == set(PAPER)


def test_anchor_errors_are_those_of_the_shift(template):
    targets = _targets(template, 100)
    moved = splats_of_targets(targets)
    means = moved.means + np.array([0.003, 0, 0.004], np.float32)
    head = Gaussians(means, moved.quaternions, moved.scales, moved.opacities, moved.colours + 0.05)
    errors = anchor_errors(head, targets, template.labels)
    assert errors.face_mm == pytest.approx(5, abs=0.05)
    assert errors.hair_mm == pytest.approx(5, abs=0.05)
    assert errors.colour == pytest.approx(0.05, abs=1e-3)
    bald = HeadTargets(targets.positions, targets.colours, np.full_like(targets.kind, CLOTH))
    assert anchor_errors(head, bald, template.labels).hair_mm is None
    assert anchor_errors(head, bald, template.labels).face_mm is None
    assert np.isin(template.labels, FACE_LABELS).any()


def test_skin_tones_are_ordered():
    tones = np.array([[0.55, 0.36, 0.28], [0.3, 0.16, 0.1], [0.05, 0.025, 0.018]])
    angles = [typology_angle(tone) for tone in tones]
    assert angles[0] > angles[1] > angles[2]
    named = [groups_of({"male": 0.9, "skin_tone": list(tone)})["skin tone"] for tone in tones]
    assert named[0] == "light"
    assert named[2] == "dark"
    assert groups_of({"male": 0.9, "skin_tone": [0.5] * 3})["sex"] == "male"


def test_the_contact_sheet_has_a_row_a_head(found):
    sheet = contact_sheet(found[0].rows)
    assert sheet.shape[0] > 2 * TILE
    assert sheet.shape[1] > 5 * TILE
    assert sheet.dtype == np.uint8


def test_the_model_card_carries_scores_bias_and_limits(found):
    info = CheckpointInfo("embedded", {"focus-small": 384}, "template-1", "2 steps", "CC0-1.0")
    card = model_card("embedded", info, 39.3, found[1], "Two heads.", None, ["Hats."])
    for part in ("39.3 MB", "CC0-1.0", "Two heads.", "2 steps", "sex: male", "- Hats."):
        assert part in card
    assert "smallest group has 1 identities" in card
    assert "Not measured, for lack of their packages or weights: LPIPS (alex)." in card
    assert "PSNR dB, novel views | ≥ 19" in card
