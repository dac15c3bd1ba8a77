"""Prompts, style space and the editing model's closed form, on toy heads."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from inference.editing.network import EditingNetwork
from inference.editing.projection import GRID
from inference.errors import InvalidModelError
from inference.face_map.labels import Label
from inference.features.embedded_style import StyleSpace, load_embedded_style
from inference.features.style_blocks import BLOCKS, WIDTH, said
from inference.head.template import HeadTemplate
from inference.model.map_features import features_of_shares, index_shares, pool_map
from tests.training.toy_heads import SIZE, attributes, write_heads
from training import (
    edited_cache,
    refit_palette,
    style_cache,
    train_editing,
    train_style,
)
from training.editing import geometry as editing_geometry
from training.editing import tints as editing_tints
from training.editing import trainer as editing_trainer
from training.editing.map_ridge import ridge_of_maps
from training.editing.start import Regression, regress
from training.feature_bias import compare
from training.runs import stage_state
from training.styles.data import TAGS, SentenceTable, StyleData, draw_batch, sentence_table
from training.styles.loss import StyleLoss
from training.synthetic.prompts import compose, draw_prompt, fits
from training.synthetic.style_words import CUT, SAYABLE, WORDINGS, head_tags, tags_said


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Features, a style space and an editing model, each from hardly any training."""
    root = tmp_path_factory.mktemp("style")
    write_heads(root / "heads", 8)
    style_cache.main(["--data", str(root / "heads"), "--out", str(root / "cache")])
    train_style.main(
        [
            *("--cache", str(root / "cache"), "--out", str(root / "style")),
            *("--steps", "12", "--prompts", "40", "--batch", "8"),
        ]
    )
    train_editing.main(
        [
            *("--stage", "anchors", "--data", str(root / "heads")),
            *("--styles", str(root / "cache"), "--prompts", "30"),
            *("--style-space", str(root / "style" / "style_space.safetensors")),
            *("--out", str(root / "edit"), "--steps", "2", "--batch", "2", "--patches", "32"),
        ]
    )
    return root


def test_the_commands_write_models_that_load(trained):
    style = load_embedded_style(path=trained / "style" / "style_space.safetensors")
    assert style.embed_texts(["red hair"]).shape == (1, style.width)
    network = EditingNetwork(HeadTemplate.load(), trained / "edit" / "editing.safetensors")
    with np.load(trained / "heads" / "head_000000.npz") as head:
        labels = head["label"][0]
    reading = network.read(labels, style.embed_texts(["red hair"])[0].numpy())
    np.testing.assert_allclose(reading.choices.chances.sum(1), 1, atol=1e-5)
    assert np.abs(reading.pose[:2]).max() < 0.2  # all were seen from the front


def test_the_closed_form_places_anchors_where_heads_had_them(trained):
    network = EditingNetwork(HeadTemplate.load(), trained / "edit" / "editing.safetensors")
    style = load_embedded_style(path=trained / "style" / "style_space.safetensors")
    vector = style.embed_texts(["red hair"])[0].numpy()
    for number in range(3):
        with np.load(trained / "heads" / f"head_{number:06d}.npz") as head:
            reading = network.read(head["label"][0], vector)
            kinds = reading.choices.chances.argmax(1)
            places = reading.choices.places_of(kinds)
            error = np.linalg.norm(places - head["positions"], axis=1)
            assert np.median(error) < 0.004
            assert (kinds == np.array([0, 1, 2])[head["kind"]]).mean() > 0.95


def test_a_finished_closed_form_is_kept_while_the_decoder_learns_what_it_leaves_open(
    trained, tmp_path, capsys
):
    finished = trained / "edit" / "editing.safetensors"
    more = tmp_path / "maps"
    write_heads(more, 3)
    train_editing.main(
        [
            *("--stage", "anchors", "--data", str(trained / "heads"), "--heads", "6"),
            *("--styles", str(trained / "cache"), "--test-styles", str(trained / "cache")),
            *("--style-space", str(trained / "style" / "style_space.safetensors")),
            *("--closed-form", str(finished), "--out", str(tmp_path), "--prompts", "20"),
            *("--steps", "6", "--batch", "4", "--patches", "32", "--save", "60"),
            *("--learning-rate", "0.05"),
            *("--mend-reading", "--maps", str(more), "--map-views", "1"),
        ]
    )
    assert "9 heads with 9 maps" in capsys.readouterr().out
    before, after = load_file(finished), load_file(tmp_path / "editing.safetensors")
    tables = [name for name in before if name.startswith(("branch.places", "branch.colours"))]
    assert tables
    assert all(torch.equal(before[name], after[name]) for name in tables)
    assert after["branch.refine.weight"].any()
    assert after["head.position.weight"].any()
    lines = (json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines())
    measured = {line["kind"]: line for line in lines if "hair mm" in line}
    assert list(measured) == ["closed form", "geometry", "tints", "end"]
    start, geometry, tints, _ = measured.values()
    # Each stage adds its own part, which is nothing before it begins.
    assert start["hair mm"] == start["hair mm without patches"]
    assert geometry["hair mm"] == geometry["hair mm without patches"] == tints["hair mm"]
    with pytest.raises(InvalidModelError, match="nowhere"):
        train_editing.main(
            [
                *("--stage", "anchors", "--data", str(trained / "heads")),
                *("--styles", str(trained / "cache"), "--out", str(tmp_path)),
                *("--style-space", str(trained / "style" / "style_space.safetensors")),
                *("--closed-form", str(tmp_path / "nowhere.safetensors"), "--prompts", "5"),
            ]
        )


def test_patches_are_trained_on_top_of_finished_weights(trained, tmp_path):
    finished = trained / "edit" / "editing.safetensors"
    train_editing.main(
        [
            *("--stage", "anchors", "--data", str(trained / "heads"), "--heads", "6"),
            *("--styles", str(trained / "cache"), "--test-styles", str(trained / "cache")),
            *("--style-space", str(trained / "style" / "style_space.safetensors")),
            *("--go-on-from", str(finished), "--prompts", "20", "--out", str(tmp_path)),
            *("--steps", "4", "--batch", "4", "--patches", "32"),
        ]
    )
    before, after = load_file(finished), load_file(tmp_path / "editing.safetensors")
    kept = [
        name
        for name in before
        if name.startswith("branch.")
        and not name.startswith(("branch.queries", "branch.refine", "branch.tint"))
    ]
    assert "branch.latent.weight" in kept
    assert all(torch.equal(before[name], after[name]) for name in kept)
    assert after["head.position.weight"].any()
    assert "template.query" in after
    lines = (json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines())
    start, *_, end = (line for line in lines if "hair mm" in line)
    # Where the finished weights were, and somewhere else.
    assert start["hair mm"] == pytest.approx(start["hair mm without patches"], abs=0.5)
    assert end["hair mm"] != start["hair mm"]
    network = EditingNetwork(HeadTemplate.load(), tmp_path / "editing.safetensors")
    assert network.style == "embedded-style"


def test_a_stopped_training_of_the_editing_model_goes_on_to_the_last_bit(trained, tmp_path):
    def go(out, steps, *more):
        train_editing.main(
            [
                *("--stage", "anchors", "--data", str(trained / "heads"), "--heads", "6"),
                *("--styles", str(trained / "cache"), "--out", str(tmp_path / out)),
                *("--style-space", str(trained / "style" / "style_space.safetensors")),
                *(
                    "--closed-form",
                    str(trained / "edit" / "editing.safetensors"),
                    "--prompts",
                    "20",
                ),
                *("--steps", str(steps), "--batch", "4", "--patches", "32", "--save", "0", *more),
            ]
        )
        return load_file(tmp_path / out / "editing.safetensors")

    whole = go("whole", 8)
    # As kill -9 after the first step of each stage would leave it.
    for stage in ("geometry", "tints", "patches"):
        kept = tmp_path / f"{stage}.pt"
        real = stage_state.save_state

        def save_once(path, parts, step, seconds, kept=kept, real=real):
            real(path, parts, step, seconds)
            if step == 2 and path.name == kept.name:
                shutil.copy(path, kept)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(editing_geometry, "save_state", save_once)
            patch.setattr(editing_tints, "save_state", save_once)
            patch.setattr(editing_trainer, "save_state", save_once)
            go(f"{stage} again", 8)
        shutil.copy(kept, tmp_path / f"{stage} again" / kept.name)
        (tmp_path / f"{stage} again" / "editing.safetensors").unlink()
        resumed = go(f"{stage} again", 8, "--resume")
        assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_style_features_are_not_made_twice(trained, capsys):
    before = {p.name: p.stat().st_mtime_ns for p in (trained / "cache").iterdir()}
    style_cache.main(["--data", str(trained / "heads"), "--out", str(trained / "cache")])
    assert before == {p.name: p.stat().st_mtime_ns for p in (trained / "cache").iterdir()}


def test_splats_of_the_same_views_can_be_read_too(trained, tmp_path):
    with_splats = ["--splats", "--limit", "1", "--plain", "--out", str(tmp_path)]
    style_cache.main(["--data", str(trained / "heads"), *with_splats])
    with np.load(tmp_path / "head_000000.npz") as found:
        assert found["views"].tolist() == [0, 1, 0, 1]
        assert len(found["overall"]) == len(found["light"]) == 4
        np.testing.assert_array_equal(found["light"][2:], np.ones((2, 4)))
        pictures, splats = found["colours"].astype(np.float32).reshape(2, 2, 16, 16, 4)
    # The toy's discs are no heads; what is drawn must be where a head is, and not the picture.
    assert splats[0, 6:10, 6:10, 3].mean() > 0.9
    assert np.abs(pictures - splats).max() > 0.05


def test_a_model_s_palette_is_fitted_to_another_style_space(trained, tmp_path):
    old = trained / "edit" / "editing.safetensors"
    refit_palette.main(
        [
            *("--styles", str(trained / "cache"), "--prompts", "30"),
            *("--style-space", str(trained / "style" / "style_space.safetensors")),
            *("--editing", str(old), "--out", str(tmp_path / "editing.safetensors")),
        ]
    )
    tensors = [load_file(path) for path in (old, tmp_path / "editing.safetensors")]
    changed = {name for name, t in tensors[0].items() if not torch.equal(t, tensors[1][name])}
    # Beards were confined when the model was made; a second time only sharpens the border.
    skin = {f"branch.colours.0.{name}" for name in ("centre", "scale", "values")}
    assert changed <= {"branch.palette.weight", "branch.palette.bias"} | skin
    # Two steps of training touched no palette: the same styles give the same numbers.
    np.testing.assert_allclose(
        tensors[0]["branch.palette.bias"], tensors[1]["branch.palette.bias"], atol=0.02
    )


def test_prompts_that_say_two_tags_of_an_aspect_are_learned_like_others(trained, tmp_path):
    data = StyleData.load(trained / "cache")
    rng = np.random.default_rng(1)
    table = sentence_table(data, 200, rng, tmp_path / "sentences.npz")
    light = np.array([aspect == "light" for aspect, _ in TAGS])
    both = np.flatnonzero((table.named[:, light].sum(1) == 2) & ~table.named[:, ~light].any(1))
    assert len(both) > 0
    table = SentenceTable(
        [table.prompts[n] for n in both],
        table.sentences[both],
        table.head[both],
        table.named[both],
    )
    batch = draw_batch(data, data.wearers(), table, 16, rng)
    space = StyleSpace()
    data.standardise(space.image)
    with torch.no_grad():
        # Sure that light is named, and nothing else.
        said_light = torch.tensor([block.name == "light" for block in BLOCKS])
        space.text.mix[-1].weight[WIDTH:] = 0
        space.text.mix[-1].bias[WIDTH:] = torch.where(said_light, 20.0, -20.0)
        terms = StyleLoss(data)(space, batch)
    assert float(terms["named"]) == pytest.approx(0, abs=1e-6)


def test_a_style_space_learns_from_edits_too(trained, tmp_path):
    about = [
        *("--data", str(trained / "heads"), "--styles", str(trained / "cache")),
        *("--editing", str(trained / "edit" / "editing.safetensors")),
        *("--out", str(tmp_path / "edited"), "--count", "2"),
    ]
    edited_cache.main(about)
    made = sorted((tmp_path / "edited").iterdir())
    before = [path.stat().st_mtime_ns for path in made]
    edited_cache.main(about)
    assert [path.stat().st_mtime_ns for path in made] == before
    heads, edits = (StyleData.load(path) for path in (trained / "cache", tmp_path / "edited"))
    assert len(edits.tags) == len(edits.head) == 2
    # The map of a head, the palette of one of them.
    for number in range(2):
        givers = [tags for tags in heads.tags if tags["eyes"] == edits.tags[number]["eyes"]]
        assert edits.tags[number]["hair colour"] in [tags["hair colour"] for tags in givers]
        assert (np.abs(heads.palette[:, 6] - edits.palette[number, 6]).max(1) < 0.3).any()
    shown = edits.colours.astype(np.float32).reshape(2, 16, 16, 4)[..., 3]
    assert shown[:, 6:10, 6:10].mean() > 0.9  # a head is in the picture
    train_style.main(
        [
            *("--cache", str(trained / "cache"), "--edited", str(tmp_path / "edited")),
            *("--out", str(tmp_path / "style"), "--steps", "3", "--prompts", "20"),
            *("--batch", "8"),
        ]
    )
    style = load_embedded_style(path=tmp_path / "style" / "style_space.safetensors")
    assert np.isfinite(style.embed_texts(["red hair"]).numpy()).all()


def test_features_that_lie_as_maps_draw_them_have_no_bias():
    drawn = np.zeros((GRID, GRID), np.uint8)
    drawn[50:70, 55:75] = Label.NOSE
    assert compare(drawn, drawn)[Label.NOSE] == (1.0, 1.0, 0.0)
    narrow = np.zeros_like(drawn)
    narrow[48:68, 60:70] = Label.NOSE
    across, down, lower = compare(narrow, drawn)[Label.NOSE]
    assert across == pytest.approx(0.5, abs=0.02)
    assert down == pytest.approx(1.0)
    assert lower == pytest.approx(-2 / np.arange(20).std())


def test_prompts_are_true_of_their_heads_and_of_no_others():
    rng = np.random.default_rng(0)
    heads = [head_tags(attributes(rng), -0.6) for _ in range(30)]
    for tags in heads:
        prompt = draw_prompt(rng, tags)
        assert prompt.text.strip()
        assert "{" not in prompt.text
        assert fits(prompt, tags)
    red = compose(rng, {"hair colour": "red"})
    assert [fits(red, tags) for tags in heads] == ["red" in t["hair colour"] for t in heads]


def test_every_wording_can_be_said():
    rng = np.random.default_rng(0)
    assert list(WORDINGS) == [block.name for block in BLOCKS]
    for aspect, wordings in SAYABLE.items():
        for wording in wordings:
            prompt = compose(rng, {aspect: wording.tag})
            assert prompt.text
            assert "{" not in prompt.text


def test_a_cut_is_said_beside_colour_and_kind_and_no_style_knows_it():
    rng = np.random.default_rng(0)
    texts = [
        compose(rng, {"hair colour": "red", "hair kind": "curly", CUT: "bob"}).text
        for _ in range(20)
    ]
    words = {w for wording in SAYABLE[CUT] if wording.tag == "bob" for w in wording.words}
    plain = [word.replace("{c}", "").replace("{hair}", "").strip(" a") for word in words]
    assert all(any(word.split()[0] in text for word in plain) for text in texts)
    assert not any(aspect == CUT for aspect, _ in TAGS)
    tags = head_tags(attributes(rng) | {"hair": "short curly"}, -0.6)
    assert tags["hair kind"] == {"curly"}
    assert tags[CUT] == {"short"}


def test_light_has_a_side_a_quality_and_both_in_one_breath():
    rng = np.random.default_rng(0)
    tags = head_tags(attributes(rng) | {"light_from": "strong light from the left"}, -0.6)
    assert {"strong", "left", "strong left"} <= tags["light"]
    said = {compose(rng, {"light": "strong left"}).text for _ in range(30)}
    assert any("hard light from the left" in text for text in said)
    assert all("from the left" in text for text in said)
    assert tags_said("light", "strong left") == {"strong", "left"}
    assert ("light", "strong left") not in TAGS  # pictures show the one and the other


def test_maps_are_pooled_the_same_way_from_indices_and_from_planes():
    labels = np.random.default_rng(0).integers(0, 19, (SIZE, SIZE)).astype(np.uint8)
    labels[:100] = Label.HAIR
    tensor = torch.from_numpy(labels)
    planes = torch.nn.functional.one_hot(tensor.long(), 19).permute(2, 0, 1)[None]
    torch.testing.assert_close(features_of_shares(index_shares(tensor, 19)[None]), pool_map(planes))


def test_ridge_and_regressions_find_what_is_linear():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((120, 9)).astype(np.float32)
    truth = rng.standard_normal((9, 2)).astype(np.float32)
    groups = np.repeat(np.arange(40), 3).astype(np.int32)
    found, _ = ridge_of_maps(features, features @ truth, groups, np.ones(2, np.float32))
    np.testing.assert_allclose(found, truth, atol=1.5)
    weight = (rng.random((120, 4)) < 0.7).astype(np.float32)
    slopes = rng.standard_normal((4, 3, 9)).astype(np.float32)
    values = np.einsum("nck,rk->rnc", slopes, features) + 2
    values[weight == 0] = 99  # rows that do not tell are not looked at
    none = Regression(np.zeros((4, 3), np.float32), np.zeros((4, 3, 9), np.float32))
    regression = regress(features, weight, values.astype(np.float32), none)
    np.testing.assert_allclose(regression.centre, 2, atol=0.25)
    np.testing.assert_allclose(regression.table, slopes, atol=0.35)


def test_a_style_vector_knows_what_it_says():
    vector = np.zeros(BLOCKS[-1].stop, np.float32)
    vector[BLOCKS[0].start] = 1
    assert said(vector).tolist() == [1.0] + [0.0] * (len(BLOCKS) - 1)
