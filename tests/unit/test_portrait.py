"""What a user relies on from portrait to head crop: faces, landmarks, crop, foreground."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.errors import InvalidModelError
from inference.files import resource_path
from inference.portrait.cropping import centred_crop, cut_crop, suggest_crop
from inference.portrait.loading import load_image
from inference.portrait.networks import TfliteNetwork
from inference.portrait.prepare import PortraitPreparer
from inference.portrait.types import CropBox, FaceDetection, FaceLandmarks, LoadedImage
from inference.progress import Cancelled, CancelToken
from inference.rendering.camera import (
    HEAD_CENTRE,
    PORTRAIT_HALF_EXTENT,
    orbit_camera,
)

FACE = (177, 80, 272, 175)
"""The sample's face as a person marks it (from the brows to the chin, cheek to cheek)."""

OVAL = [10, 297, 284, 389, 454, 361, 397, 379, 152, 150, 172, 132, 234, 162, 54, 67]


@pytest.fixture(scope="module")
def preparer(template):
    return PortraitPreparer(template)


@pytest.fixture(scope="module")
def anchors(template):
    return template.anchors[template.landmark_anchors].astype(np.float64)


@pytest.fixture(scope="module")
def sample():
    return load_image(resource_path("samples/astronaut.png"))


@pytest.fixture(scope="module")
def prepared(preparer, sample):
    (face,) = preparer.detect(sample)
    return preparer.prepare(sample, preparer.suggest_crop(sample, face))


def photograph(rgb):
    return LoadedImage(np.ascontiguousarray(rgb, np.float32).clip(0, 1), None, "test")


def overlap(box, other):
    low, high = np.maximum(box[:2], other[:2]), np.minimum(box[2:], other[2:])
    shared = np.prod(np.clip(high - low, 0, None))
    areas = [np.prod(np.subtract(b[2:], b[:2])) for b in (box, other)]
    return shared / (sum(areas) - shared)


def placed(sample, scale, left, top, width, height):
    """A larger picture with the sample somewhere in it, and where its face then is."""
    small = cv2.resize(sample.rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(0).normal(0.5, 0.03, (height, width, 3))
    noise[top : top + small.shape[0], left : left + small.shape[1]] = small
    return photograph(noise), np.array(FACE) * scale + [left, top, left, top]


class TestDetection:
    def test_the_sample_has_one_face(self, preparer, sample):
        (face,) = preparer.detect(sample)
        assert overlap(face.box, FACE) > 0.8
        assert face.score > 0.8
        right_eye, left_eye, nose, mouth, right_ear, left_ear = face.keypoints
        assert right_ear[0] < right_eye[0] < nose[0] < left_eye[0] < left_ear[0]
        assert max(right_eye[1], left_eye[1]) < nose[1] < mouth[1]

    def test_all_faces_of_a_group_largest_first(self, preparer, sample):
        head = sample.rgb[:330, 60:390]
        rows = [np.hstack([head, head[:, ::-1], head]), np.hstack([head[:, ::-1], head, head])]
        group = np.vstack(rows)
        big = cv2.resize(head, (990, 990), interpolation=cv2.INTER_CUBIC)
        faces = preparer.detect(photograph(np.vstack([group, big])))
        assert len(faces) == 7
        sides = [face.box[2] - face.box[0] for face in faces]
        assert sides[0] > 2 * sides[1]
        centres = {
            tuple(int(v // 330) for v in ((f.box[0] + f.box[2]) / 2, (f.box[1] + f.box[3]) / 2))
            for f in faces[1:]
        }
        assert centres == {(x, y) for x in range(3) for y in range(2)}

    @pytest.mark.parametrize(("scale", "left", "top"), [(0.3, 900, 500), (0.6, 30, 500)])
    def test_small_faces_in_large_pictures(self, preparer, sample, scale, left, top):
        image, expected = placed(sample, scale, left, top, 1400, 900)
        faces = preparer.detect(image)
        assert len(faces) == 1
        assert overlap(faces[0].box, expected) > 0.6

    def test_a_face_that_fills_the_picture(self, preparer, sample):
        left, top, right, bottom = FACE
        faces = preparer.detect(photograph(sample.rgb[top:bottom, left:right]))
        assert len(faces) == 1
        assert overlap(faces[0].box, (0, 0, right - left, bottom - top)) > 0.7

    @pytest.mark.parametrize("size", [(40, 600), (600, 40)])
    def test_extreme_formats_do_no_harm(self, preparer, size):
        assert preparer.detect(photograph(np.full((*size, 3), 0.4))) == []

    def test_no_face_where_there_is_none(self, preparer, sample):
        rng = np.random.default_rng(0)
        painted = sample.rgb.copy()
        painted[40:230, 130:320] = 0.5
        pictures = [painted, np.zeros((300, 400, 3)), np.ones((300, 400, 3))]
        for cells in (2, 8, 32):
            noise = rng.random((cells, cells, 3)).astype(np.float32)
            pictures.append(cv2.resize(noise, (500, 400), interpolation=cv2.INTER_CUBIC))
        for picture in pictures:
            assert preparer.detect(photograph(picture)) == []

    def test_can_be_cancelled(self, preparer, sample):
        cancel = CancelToken()
        cancel.cancel()
        with pytest.raises(Cancelled):
            preparer.detect(sample, cancel=cancel)


class TestLandmarks:
    @pytest.mark.parametrize("degrees", [-35, 20])
    def test_they_turn_with_the_picture(self, preparer, sample, degrees):
        (face,) = preparer.detect(sample)
        upright = preparer._landmarks.find(sample, face).points
        matrix = cv2.getRotationMatrix2D((224.0, 128.0), degrees, 1.3)
        turned = photograph(cv2.warpAffine(sample.rgb, matrix, (512, 512)))
        found = preparer._landmarks.find(turned, preparer.detect(turned)[0]).points
        expected = upright @ matrix[:, :2].T + matrix[:, 2]
        error = np.linalg.norm(found - expected, axis=1)
        assert np.median(error) < 0.02 * np.ptp(expected, axis=0).max()

    def test_a_hand_placed_box_needs_no_detection(self, preparer, sample):
        (face,) = preparer.detect(sample)
        expected = preparer._landmarks.find(sample, face).points
        found = preparer._landmarks.find_in_box(sample, CropBox(230, 115, 270))
        assert found is not None
        assert np.median(np.linalg.norm(found.points - expected, axis=1)) < 3

    def test_no_landmarks_where_there_is_no_face(self, preparer, sample):
        assert preparer._landmarks.find_in_box(sample, CropBox(400, 420, 180)) is None


class TestCrop:
    @settings(max_examples=60, deadline=None)
    @given(
        yaw=st.floats(-60, 60),
        elevation=st.floats(-25, 25),
        roll=st.floats(-30, 30),
        zoom=st.floats(0.2, 5),
        shift=st.tuples(st.floats(-2000, 2000), st.floats(-2000, 2000)),
        distance=st.floats(0.8, 2),
        seed=st.integers(0, 99),
    )
    def test_it_shows_what_the_model_was_trained_on(
        self, anchors, yaw, elevation, roll, zoom, shift, distance, seed
    ):
        """Seen by any camera, the crop is centred on the head and has its extent."""
        camera = orbit_camera(yaw, elevation, distance=distance)
        centre = np.array(HEAD_CENTRE)
        pixels, _ = camera.project(np.vstack([anchors, centre]))
        angle = np.radians(roll)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        pixels = (pixels - 256) @ turn.T * zoom + shift
        side = 2 * PORTRAIT_HALF_EXTENT * camera.intrinsics[0, 0] / distance * zoom
        face = np.ptp(pixels[:-1], axis=0).max()
        noise = np.random.default_rng(seed).normal(0, 0.004 * face, (468, 2))
        low, high = pixels[:-1].min(0), pixels[:-1].max(0)
        middle, half = (low + high) / 2, side / 2.87 / 2
        detection = FaceDetection((*(middle - half), *(middle + half)), 0.9, np.zeros((6, 2)))
        crop = suggest_crop(detection, FaceLandmarks(pixels[:-1] + noise, 1.0), anchors)
        # From nearer than the crop's lens takes, the face is larger beside the head's centre.
        tolerance = 0.015 + 0.12 * abs(np.log(distance / 1.055))
        assert crop.side == pytest.approx(side, rel=tolerance)
        assert np.hypot(crop.centre_x - pixels[-1, 0], crop.centre_y - pixels[-1, 1]) < (
            tolerance * side
        )

    def test_landmarks_that_no_head_has_are_not_believed(self, anchors, preparer, sample):
        (face,) = preparer.detect(sample)
        good = preparer.suggest_crop(sample, face)
        scattered = np.random.default_rng(0).uniform(100, 300, (468, 2))
        for landmarks in (None, FaceLandmarks(scattered, 1.0)):
            crop = suggest_crop(face, landmarks, anchors)
            assert crop.side == pytest.approx(good.side, rel=0.1)
            assert abs(crop.centre_x - good.centre_x) < 0.06 * good.side
            assert abs(crop.centre_y - good.centre_y) < 0.06 * good.side

    def test_it_follows_the_photograph_s_size(self, preparer, sample):
        crop = preparer.suggest_crop(sample, preparer.detect(sample)[0])
        large = photograph(cv2.resize(sample.rgb, None, fx=3, fy=3))
        scaled = preparer.suggest_crop(large, preparer.detect(large)[0])
        assert scaled.side == pytest.approx(3 * crop.side, rel=0.04)
        assert scaled.centre_x == pytest.approx(3 * crop.centre_x, abs=0.03 * scaled.side)
        assert scaled.centre_y == pytest.approx(3 * crop.centre_y, abs=0.03 * scaled.side)

    def test_hair_and_chin_are_in_it(self, prepared):
        oval = prepared.landmarks.points[OVAL]
        assert oval[:, 1].max() < 0.8 * prepared.size
        rows = np.flatnonzero((prepared.alpha > 0.5).any(1))
        assert rows[0] > 0.05 * prepared.size

    def test_without_a_face_the_largest_centred_square(self, preparer, sample):
        wide = photograph(sample.rgb[:300])
        assert preparer.suggest_crop(wide, None) == CropBox(256, 150, 300)
        assert centred_crop(200, 500) == CropBox(100, 250, 200)

    @settings(max_examples=40, deadline=None)
    @given(
        x=st.floats(-50, 350), y=st.floats(-50, 250), side=st.floats(20, 600),
        size=st.sampled_from([64, 96, 130]),
    )  # fmt: skip
    def test_pixels_lie_where_to_crop_says(self, x, y, side, size):
        """A picture whose colours are its coordinates keeps them when it is cut."""
        columns, rows = np.meshgrid((np.arange(300) + 0.5) / 300, (np.arange(200) + 0.5) / 300)
        image = photograph(np.dstack([columns, rows, rows * 0]))
        crop = CropBox(x, y, side)
        picture, inside = cut_crop(image, crop, size)
        pixels = np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1) + 0.5
        source = pixels * (side / size) + [x - side / 2, y - side / 2]
        within = ((source > 0) & (source < [300, 200])).all(-1)
        assert (inside[within] == 1).all()
        assert (inside[~within] == 0).all()
        assert np.allclose(picture[~within], 0.5)
        reach = 2 * side / size + 3
        deep = ((source > reach) & (source < np.array([300, 200]) - reach)).all(-1)
        if deep.any():
            assert np.abs(picture[deep][:, :2] * 300 - source[deep]).max() < 0.25

    @pytest.mark.parametrize("factor", [1.7, 3.0, 5.5])
    def test_fine_patterns_do_not_alias(self, factor):
        stripes = np.zeros((600, 600, 3))
        stripes[:, ::2] = 1
        picture, _ = cut_crop(photograph(stripes), CropBox(300, 300, 96 * factor), 96)
        assert np.abs(picture - 0.5).max() < 0.12

    def test_detail_that_fits_is_kept(self):
        stripes = np.zeros((600, 600, 3))
        stripes[:, np.arange(600) % 24 < 12] = 1
        picture, _ = cut_crop(photograph(stripes), CropBox(300, 300, 288), 96)
        assert picture.std() > 0.42


class TestForeground:
    def test_a_small_grey_photograph_of_a_face_is_found_in_its_frame(self, preparer, sample):
        left, top, right, bottom = FACE
        grey = sample.rgb[top:bottom, left:right].mean(-1, keepdims=True)
        image = photograph(np.repeat(grey, 3, 2))
        (face,) = preparer.detect(image)
        tight = preparer.prepare(image, preparer.suggest_crop(image, face))
        columns, rows = np.clip(tight.landmarks.points.astype(int), 0, tight.size - 1).T
        assert (tight.alpha[rows, columns] > 0.5).mean() > 0.9
        assert tight.inside.mean() < 0.2
        assert tight.alpha[tight.inside == 0].max() == 0

    def test_head_in_background_out(self, prepared):
        columns, rows = prepared.landmarks.points[OVAL].astype(int).T
        middle = prepared.landmarks.points.mean(0)
        for share in (0.0, 0.5, 0.9):
            x, y = (middle[:, None] * (1 - share) + np.stack([columns, rows]) * share).astype(int)
            assert (prepared.alpha[y, x] > 0.95).all()
        for corner in (prepared.alpha[:80, :80], prepared.alpha[:80, -80:]):
            assert corner.max() < 0.01
        assert prepared.alpha.dtype == np.float32
        assert prepared.alpha.min() >= 0
        assert prepared.alpha.max() <= 1

    def test_the_outline_is_soft_but_narrow(self, prepared):
        soft = (prepared.alpha > 0.02) & (prepared.alpha < 0.98)
        edge = cv2.morphologyEx(
            (prepared.alpha > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3))
        )
        assert soft.sum() > 0.5 * edge.sum()
        assert soft.sum() < 6 * edge.sum()

    def test_the_outline_lies_on_the_picture_s_edge(self, preparer, sample, prepared):
        """Before a plain wall the finely drawn outline parts hair from wall."""
        rim = cv2.morphologyEx(
            (prepared.alpha > 0.5).astype(np.uint8), cv2.MORPH_DILATE, np.ones((9, 9))
        )
        outside = (rim > 0) & (prepared.alpha < 0.05)
        outside[250:] = False  # below lies the collar of the suit
        wall = np.median(prepared.image[60:120, 20:90], axis=(0, 1))
        assert np.abs(prepared.image[outside] - wall).max(1).mean() < 0.2

    def test_nothing_beyond_the_photograph(self, preparer, sample):
        portrait = preparer.prepare(sample, CropBox(225, 20, 270))
        assert portrait.alpha[:200].max() == 0
        assert np.allclose(portrait.image[:200], 0.5)

    def test_one_piece_that_holds_the_face(self, preparer, sample):
        """A second person beside the first is left out."""
        head = sample.rgb[:330, 60:390]
        small = cv2.resize(head, (132, 132), interpolation=cv2.INTER_AREA)
        picture = np.tile(sample.rgb[20:21, 20:21], (600, 600, 1))
        picture[270:600, 0:330] = head
        picture[10:142, 440:572] = small
        portrait = preparer.prepare(photograph(picture), CropBox(300, 300, 600))
        shape = (portrait.alpha > 0.5).astype(np.uint8)
        count, _ = cv2.connectedComponents(shape, connectivity=4)
        assert count == 2  # the background and one piece
        x, y = portrait.landmarks.points.mean(0).astype(int)
        assert shape[y, x] == 1
        assert portrait.alpha[: 142 * 512 // 600, 440 * 512 // 600 :].max() < 0.02

    def test_a_cut_out_file_keeps_its_own_outline(self, preparer, sample):
        rows, columns = np.mgrid[:512, :512]
        shape = ((columns - 224) / 90.0) ** 2 + ((rows - 128) / 110.0) ** 2
        alpha = (1.1 - shape).clip(0, 0.1).astype(np.float32) * 10
        rgb = sample.rgb * alpha[..., None] + 0.5 * (1 - alpha[..., None])
        image = LoadedImage(rgb, alpha, "cut")
        portrait = preparer.prepare(image, CropBox(224, 128, 256))
        expected = cv2.resize(alpha[0:256, 96:352], (512, 512), interpolation=cv2.INTER_CUBIC)
        assert np.abs(portrait.alpha - expected).mean() < 0.01


class TestPrepare:
    def test_stages_are_told_in_order(self, preparer, sample):
        told = []
        preparer.prepare(sample, CropBox(226, 113, 268), lambda *stage: told.append(stage))
        assert {stage for stage, _ in told} == {"Cutting out"}
        fractions = [fraction for _, fraction in told]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1

    def test_cancel_at_every_stage(self, preparer, sample):
        for stop in (0.0, 0.2, 0.5):
            cancel = CancelToken()

            def progress(stage, fraction, stop=stop, cancel=cancel):
                if fraction >= stop:
                    cancel.cancel()

            with pytest.raises(Cancelled):
                preparer.prepare(sample, CropBox(226, 113, 268), progress, cancel)

    def test_landmarks_are_those_of_the_middle_face(self, preparer, sample):
        head = sample.rgb[:330, 60:390]
        pair = photograph(np.hstack([head, head]))
        for x in (165, 495):
            portrait = preparer.prepare(pair, CropBox(x, 130, 300))
            nose = portrait.landmarks.points[1] * 300 / 512 + [x - 150, -20]
            assert abs(nose[0] - x) < 40

    def test_a_box_without_a_face_still_prepares(self, preparer, sample):
        portrait = preparer.prepare(sample, CropBox(430, 450, 100))
        assert portrait.landmarks is None
        assert portrait.image.shape == (512, 512, 3)

    def test_same_portrait_twice_is_the_same(self, preparer, sample, prepared):
        again = preparer.prepare(sample, prepared.crop)
        assert np.array_equal(again.image, prepared.image)
        assert np.array_equal(again.alpha, prepared.alpha)
        assert np.array_equal(again.landmarks.points, prepared.landmarks.points)


@pytest.mark.parametrize("length", [0, 100, 100_000])
def test_a_damaged_network_is_told(tmp_path, monkeypatch, length):
    damaged = tmp_path / "network.tflite"
    content = resource_path("networks/face_detection_short_range.tflite").read_bytes()
    damaged.write_bytes(content[:length])
    monkeypatch.setattr("inference.portrait.networks.resource_path", lambda name: damaged)
    with pytest.raises(InvalidModelError, match="install PercHead again"):
        TfliteNetwork("network.tflite")
