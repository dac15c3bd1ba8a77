"""train_parser: it learns, goes on exactly after a stop, and its examples are as they should be."""

import json

import cv2
import numpy as np
import pytest
import torch

from inference.errors import UsageError
from inference.face_map.labels import COUNT, MIRRORED, Label
from inference.parsing.embedded import load_embedded_parser, load_parser_network
from inference.rendering.camera import orbit_camera
from training import train_parser
from training.evaluation import parsing as evaluation
from training.parsing.batches import BatchConfig, draw_batch, window_place
from training.parsing.clothing import dressed
from training.parsing.example_cache import ExampleCache
from training.parsing.hair_dye import dyed
from training.parsing.loss import ParserLossConfig, class_weights, parser_loss
from training.parsing.photographic import PhotographicConfig, photographic
from training.pictures.augment import BEYOND, AugmentConfig, augment_view
from training.train_parser import TrainParserConfig

SIZE = 64


def write_head(folder, number):
    """Two views of an oval with hair on cloth, each head in its own colours."""
    rng = np.random.default_rng(number)
    y, x = (np.mgrid[:SIZE, :SIZE] + 0.5) / SIZE
    label = np.full((SIZE, SIZE), Label.BACKGROUND, np.uint8)
    label[y > 0.8] = Label.CLOTH
    oval = np.hypot((x - 0.5) / 0.26, (y - 0.5) / 0.36) < 1
    label[oval] = np.where(y < 0.35, Label.HAIR, Label.FACE)[oval]
    colours = rng.integers(40, 220, (COUNT, 3)).astype(np.uint8)
    cameras = [orbit_camera(yaw, size=(SIZE, SIZE)) for yaw in (-20.0, 50.0)]
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(
        folder / f"head_{number:07d}.npz",
        rgb=np.stack([colours[label]] * 2),
        alpha=np.stack([(label > 0).astype(np.uint8) * 255] * 2),
        label=np.stack([label] * 2),
        K=np.stack([camera.intrinsics for camera in cameras]),
        w2c=np.stack([camera.world_to_camera for camera in cameras]),
        positions=np.zeros((4, 3), np.float16),
        colours=np.zeros((4, 3), np.uint8),
        kind=np.zeros(4, np.uint8),
        attributes=json.dumps({"seed": number, "male": 0.5, "skin_tone": [0.4, 0.3, 0.2]}),
        captions="[]",
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Heads, one of them damaged, and the cache of their examples."""
    root = tmp_path_factory.mktemp("parser")
    for number in range(3):
        write_head(root / "heads", number)
    (root / "heads" / "head_0000009.npz").write_bytes(b"half a file")
    threads = torch.get_num_threads()
    yield root
    torch.set_num_threads(threads)


def train(root, out, *more):
    places = ["--data", str(root / "heads"), "--cache", str(root / "cache")]
    words = [*places, "--out", str(root / out), "--threads", "1", "--batch", "4", *more]
    train_parser.main(words)
    return root / out


@pytest.fixture(scope="module")
def trained(root):
    return train(root, "whole", "--steps", "12")


def weights_of(folder):
    return load_parser_network(folder / "parser.safetensors").state_dict()


def test_it_learns_and_says_how_it_was_made(trained):
    losses = [json.loads(row) for row in (trained / "curve.jsonl").read_text().splitlines()]
    totals = [row["pixels"] + row["overlap"] for row in losses]
    assert len(totals) == 12
    assert np.mean(totals[-3:]) < 0.97 * np.mean(totals[:3])
    config = json.loads((trained / "config.json").read_text())
    assert config["config"]["steps"] == 12
    assert len(json.loads((trained / "examples.json").read_text())["names"]) == 6


def test_a_run_that_was_stopped_goes_on_exactly(root, trained):
    out = train(root, "stopped", "--steps", "12", "--stop-after", "5")
    train(root, "stopped", "--steps", "12", "--resume")
    assert (out / "curve.jsonl").read_text() == (trained / "curve.jsonl").read_text()
    whole, stopped = weights_of(trained), weights_of(out)
    for name, value in whole.items():
        assert torch.equal(value, stopped[name]), name


def test_a_run_is_resumed_as_it_was_begun(root, trained):
    with pytest.raises(UsageError, match="learning_rate"):
        train(root, "whole", "--steps", "12", "--learning-rate", "0.5", "--resume")


def test_without_heads_it_says_where_it_looked(root, tmp_path):
    with pytest.raises(UsageError, match="no heads"):
        train_parser.main(
            ["--data", str(tmp_path), "--cache", str(tmp_path / "c"), "--out", str(tmp_path / "o")]
        )


def test_the_weights_parse_and_are_measured(root, trained, capsys):
    load_embedded_parser(trained / "parser.safetensors")
    words = ["--data", f"heads:{root / 'heads'}", "--weights", str(trained / "parser.safetensors")]
    assert evaluation.main([*words, "--out", str(root / "result")]) == 2  # one is damaged
    assert "head_0000009" in capsys.readouterr().err
    (root / "heads" / "head_0000009.npz").unlink()
    status = evaluation.main([*words, "--out", str(root / "result"), "--threads", "1"])
    assert status == 0
    report = json.loads((root / "result" / "parsing.json").read_text())
    assert report["views"] == 6
    assert 0 <= report["ways"][evaluation.WITH]["all"]["mean_iou"] <= 1
    assert "Mean IoU" in (root / "result" / "parsing.md").read_text()
    assert evaluation.main(["--data", "nothing", "--out", str(root / "result")]) == 2


def test_overlap_is_counted_over_the_classes_that_are_there():
    confusion = evaluation.Confusion()
    true = np.array([[2, 2, 8, 14]], np.uint8)
    confusion.add(true, np.array([[2, 2, 9, 14]], np.uint8))
    assert confusion.iou[2] == confusion.iou[14] == 1
    assert confusion.iou[8] == 0
    assert np.isnan(confusion.iou[9])
    assert confusion.mean_iou == pytest.approx(2 / 3)
    assert confusion.swapped == 1
    assert confusion.accuracy == 0.75


def test_a_mirrored_view_has_the_mirrored_map_and_the_rest_follows_the_picture():
    labels = np.zeros((32, 32), np.uint8)
    labels[8:24, 4:12] = Label.RIGHT_EYE
    image = np.repeat((labels > 0)[..., None] * np.uint8(200), 3, axis=-1)
    still = AugmentConfig(
        background=0, gamma=0, gain=0, tint=0, zoom=0, turn=0, shift=0, blur=0, noise=0, jpeg=0,
        mirror=1.0,
    )  # fmt: skip
    view = augment_view(image, image[..., 0], np.random.default_rng(0), still, labels)
    np.testing.assert_array_equal(view.labels, MIRRORED[labels[:, ::-1]])
    np.testing.assert_array_equal(view.labels == Label.LEFT_EYE, view.image[..., 0] > 100)
    away = AugmentConfig(shift=0.15, zoom=0, turn=0, beyond=1.0, background=0, blur=0, noise=0)
    view = augment_view(image, image[..., 0], np.random.default_rng(1), away, labels)
    beyond = view.labels == BEYOND
    assert 0.02 < beyond.mean() < 0.9
    assert (np.abs(view.image[beyond].astype(int) - 128) < 60).all()


def test_photographic_variants_keep_person_and_map_together():
    rng = np.random.default_rng(0)
    labels = np.zeros((48, 48), np.uint8)
    labels[12:36, 12:36] = Label.FACE
    alpha = (labels > 0).astype(np.uint8) * 255
    image = np.full((48, 48, 3), 120, np.uint8)
    often = PhotographicConfig(*(1.0 for _ in range(8)))
    for _ in range(20):
        picture, matte, found = photographic(image, alpha, labels, rng, often)
        assert picture.shape == image.shape
        assert set(np.unique(found)) <= {Label.BACKGROUND, Label.FACE}
        np.testing.assert_array_equal(matte > 0, found > 0)  # something in front hides both


def test_clothes_are_drawn_on_cloth_and_neck_alone():
    labels = np.full((96, 96), Label.BACKGROUND, np.uint8)
    labels[20:50, 30:66] = Label.FACE
    labels[50:70, 38:58] = Label.NECK
    labels[70:, 10:86] = Label.CLOTH
    image = np.full((96, 96, 3), 128, np.uint8)
    rng = np.random.default_rng(0)
    grown = 0
    for _ in range(40):
        picture, found = dressed(image, labels, rng)
        kept = ~np.isin(labels, (Label.NECK, Label.CLOTH))
        np.testing.assert_array_equal(found[kept], labels[kept])
        away = cv2.erode(kept.astype(np.uint8), np.ones((9, 9))) > 0  # borders are soft
        np.testing.assert_array_equal(picture[away], image[away])
        taken = found != labels
        assert set(np.unique(found[taken])) <= {Label.CLOTH}
        grown += bool(taken.any())
    assert 10 < grown < 35


def test_hair_is_dyed_in_all_tones_and_nothing_else_is():
    labels = np.full((96, 96), Label.FACE, np.uint8)
    labels[20:60, 20:76] = Label.HAIR
    image = np.full((96, 96, 3), 90, np.uint8)
    image[::2] += 30  # strands
    rng = np.random.default_rng(0)
    away = cv2.erode((labels != Label.HAIR).astype(np.uint8), np.ones((9, 9))) > 0
    tones = []
    for _ in range(80):
        picture = dyed(image, labels, rng)
        np.testing.assert_array_equal(picture[away], image[away])
        if (picture != image).any():
            tones.append(picture[30:50, 30:66].mean())
            assert picture[30:50, 30:66].std(0).max() > 1  # strands are still there
    assert 15 < len(tones) < 50
    assert min(tones) < 60
    assert max(tones) > 190
    np.testing.assert_array_equal(dyed(image, np.zeros_like(labels), rng), image)


def test_rare_classes_count_more_and_right_answers_cost_nothing():
    counts = torch.ones(COUNT) * 1000
    counts[Label.EARRING] = 10
    weights = class_weights(counts, ParserLossConfig())
    assert weights[Label.EARRING] > 3 * weights[Label.HAIR]
    labels = torch.randint(0, COUNT, (2, 16, 16), generator=torch.manual_seed(0))
    right = torch.nn.functional.one_hot(labels, COUNT).permute(0, 3, 1, 2) * 30.0
    config = ParserLossConfig()
    good = sum(parser_loss(right, labels, weights, config).values())
    bad = sum(parser_loss(right.roll(1, 1), labels, weights, config).values())
    assert good < 0.05
    assert bad > 1


def test_windows_show_the_same_place_in_pixels_tokens_and_labels(root, trained):
    config = TrainParserConfig()
    cache = ExampleCache(root / "cache", config.parser, 0)
    settings = BatchConfig(size=6, no_hints=0, no_alpha=0, tint=0)
    windows = draw_batch(cache, cache.names(), 0, 0, settings)
    whole = draw_batch(cache, cache.names(), 0, 0, BatchConfig(6, 4, 0, 0, tint=0))
    part, step = config.parser.size // 4, config.parser.grid // 4
    for number in range(6):
        matches = [
            (row, column)
            for row in range(3)
            for column in range(3)
            if torch.equal(
                windows.fine[number],
                whole.fine[number][
                    :, row * part : (row + 2) * part, column * part : (column + 2) * part
                ],
            )
        ]
        assert matches
        assert any(
            torch.equal(
                windows.labels[number],
                whole.labels[number][
                    row * part : (row + 2) * part, column * part : (column + 2) * part
                ],
            )
            and torch.equal(
                windows.tokens[number],
                whole.tokens[number][
                    row * step : (row + 2) * step, column * step : (column + 2) * step
                ],
            )
            for row, column in matches
        )
    again = draw_batch(cache, cache.names(), 0, 0, settings)
    assert torch.equal(again.fine, windows.fine)


def test_windows_show_small_classes_often(root, trained):
    cache = ExampleCache(root / "cache", TrainParserConfig().parser, 0)
    name = cache.names()[0]
    example = cache.read(name)
    labels = np.zeros_like(example.labels)
    labels[250:253, 2:5] = Label.EARRING  # in the corner, where few windows are
    settings = BatchConfig(anywhere=0)
    rng = np.random.default_rng(0)
    places = [window_place(labels, rng, settings) for _ in range(200)]
    assert 0.4 < np.mean([place == (2, 0) for place in places]) < 0.75
