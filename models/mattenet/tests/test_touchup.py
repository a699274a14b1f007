# SPDX-License-Identifier: MPL-2.0
"""Corrections by hand: strokes, tags, and how they reach the labels."""
import dataclasses
import json
import pathlib

import cv2
import numpy as np
import pytest
from test_review import FOLDER, Page, ask, browser, page, post, running  # noqa: F401  fixtures

from mattenet.compare import by_tag
from mattenet.data import cache, folders, item as items, splits
from mattenet.data.config import DataConfig, SourceConfig, sources
from mattenet.errors import UserError
from mattenet.review import decisions, tags, touchup
from mattenet.review.touchup import BACKGROUND, IGNORE, SUBJECT, Stroke


def send(port, path, number, **what):
    body = json.dumps({"number": number, "name": f"{FOLDER}/c{number}"} | what)
    return ask(port, "POST", path, body, {"Content-Type": "application/json"})[0]


def dot(mode, x=0.5, y=0.5, radius=0.1):
    return {"mode": mode, "radius": radius, "points": [[x, y]]}


def decoded(port, kind, number=0):
    return cv2.imdecode(np.frombuffer(ask(port, "GET", f"/{kind}/{number}")[2], np.uint8), cv2.IMREAD_GRAYSCALE)


def test_a_dot_is_round_and_its_rim_is_soft():
    share = touchup.cover(Stroke(SUBJECT, 0.1, ((0.5, 0.5),)), 100, 200)
    assert share.shape == (100, 200) and share[50, 100] == 1 and share[0, 0] == 0
    area = np.pi * 20**2  # the radius is a share of the longer side
    assert abs(share.sum() - area) < 0.01 * area
    np.testing.assert_allclose(share, share[::-1], atol=1e-6)
    np.testing.assert_allclose(share, share[:, ::-1], atol=1e-6)
    rim = share[50, 100:130]
    assert ((rim > 0) & (rim < 1)).sum() in (1, 2)


def test_a_line_covers_what_lies_between_its_points():
    share = touchup.cover(Stroke(SUBJECT, 0.05, ((0.2, 0.3), (0.8, 0.3), (0.8, 0.9))), 100, 100)
    assert share[30, 50] == 1 and share[60, 80] == 1 and share[60, 50] == 0
    # Outside of the picture it goes on without harm.
    assert touchup.cover(Stroke(SUBJECT, 0.05, ((-1, 0.5), (2, 0.5))), 40, 60)[20].min() == 1
    assert touchup.cover(Stroke(SUBJECT, 0.05, ((-0.9, -0.9),)), 40, 60).max() == 0


def test_an_outline_is_filled():
    square = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
    share = touchup.cover(Stroke(SUBJECT, 0, square, area=True), 100, 100)
    assert share[50, 50] == 1 and share[50, 10] == 0 and abs(share.sum() - 3600) < 200
    line = touchup.cover(Stroke(SUBJECT, 0.03, square), 100, 100)
    assert line[50, 50] == 0 and [line[20, 50], line[50, 80], line[80, 50]] == [1, 1, 1] and line[50, 20] == 0  # not closed


def test_strokes_set_alpha_and_trust_in_their_order():
    alpha, confidence = np.full((50, 50), 90, np.uint8), np.full((50, 50), 10, np.uint8)
    at = lambda mode, x: Stroke(mode, 0.1, ((x, 0.5),))
    painted, trusted = touchup.apply(alpha, confidence, (at(SUBJECT, 0.2), at(BACKGROUND, 0.5), at(IGNORE, 0.8)))
    assert [painted[25, x] for x in (10, 25, 40, 49)] == [255, 0, 90, 90]
    assert [trusted[25, x] for x in (10, 25, 40, 49)] == [255, 255, 0, 10]
    assert touchup.apply(alpha, confidence, (at(SUBJECT, 0.2), at(BACKGROUND, 0.2)))[0][25, 10] == 0
    assert painted.dtype == trusted.dtype == np.uint8


@pytest.mark.parametrize("strokes", [
    None, {}, [1], [{}], [dot("paint")], [dot(SUBJECT) | {"points": []}], [dot(SUBJECT) | {"points": [[1]]}],
    [dot(SUBJECT) | {"radius": "1"}], [dot(SUBJECT) | {"radius": float("nan")}], [dot(SUBJECT) | {"points": [[True, 0]]}],
    [dot(SUBJECT, x=1e9)], [dot(SUBJECT) | {"more": 1}], [dot(SUBJECT)] * 2001, [dot(SUBJECT) | {"points": [[0, 0]] * 20001}]])
def test_strokes_that_are_none_are_refused(strokes):
    with pytest.raises((ValueError, TypeError)):
        touchup.parse(strokes)


def test_corrections_are_served_kept_and_reach_the_labels(running, tiny):
    review, port = running
    label = review.items[0].mask.read_bytes()
    assert decoded(port, "matte").min() == 0
    assert send(port, "/touchup", 0, strokes=[dot(SUBJECT, radius=1)]) == 200
    assert decoded(port, "matte").min() == 255 and decoded(port, "confidence").min() == 255
    assert review.items[0].mask.read_bytes() == label  # the teachers' label stays as it was
    root, labels = (cache.pathlib.Path(tiny.data), review.work / "labels")
    again = {i.name: i for i in folders.labelled(root, FOLDER, labels)}
    assert items.load(again["c0"], 64)[1].min() == 255 and items.load(again["c1"], 64)[1].min() == 0
    listed = json.loads(ask(port, "GET", "/list")[2])["pictures"]
    assert [len(e["strokes"]) for e in listed] == [1, 0, 0, 0, 0, 0] and listed[0]["strokes"][0]["mode"] == SUBJECT
    # Taken back.
    assert send(port, "/touchup", 0, strokes=[]) == 200
    assert decoded(port, "matte").min() == 0 and touchup.read(review.touchups) == {}
    assert len(review.touchups.read_text().splitlines()) == 3


def test_corrections_renew_the_cache(tiny):
    root, work = cache.pathlib.Path(tiny.data), cache.pathlib.Path(tiny.work)
    source = SourceConfig("labels")
    find = lambda: cache.find(tiny, FOLDER, source)
    before = cache.build(tiny, FOLDER, source, find())
    touchup.append(work / "touchup.tsv", FOLDER, "c0", (Stroke(SUBJECT, 1, ((0.5, 0.5),)),))
    after = cache.build(tiny, FOLDER, source, find())
    assert root.is_dir() and before.coverage[0] < 1 and after.coverage[0] == 1 and after.coverage[1] == before.coverage[1]


def test_bad_corrections_and_tags_change_nothing(running):
    review, port = running
    assert send(port, "/touchup", 0, strokes=[dot("paint")]) == 400
    assert send(port, "/touchup", 0, strokes=None) == 400
    assert send(port, "/touchup", 0, strokes=[dot(SUBJECT)], name="other/c0") == 400
    assert send(port, "/tag", 0, tags=["dog"]) == 400 and send(port, "/tag", 0, tags=None) == 400
    assert not review.touchups.exists() and not review.tags.exists()
    review.touchups.write_text("folder\tname\tstrokes\twhen\na\tb\t[{}]\t-\n")
    with pytest.raises(UserError, match="line 2.*mode None"):
        touchup.read(review.touchups)


def test_tags_are_kept_in_order_and_split_a_set(running):
    review, port = running
    assert send(port, "/tag", 0, tags=["chair", "headset"]) == 200 and send(port, "/tag", 1, tags=["chair"]) == 200
    assert tags.read(review.tags) == {(FOLDER, "c0"): ("headset", "chair"), (FOLDER, "c1"): ("chair",)}
    assert {k: [i.name for i in v] for k, v in by_tag("calls", review.items, tags.read(review.tags)).items()} == {
        "calls: headset": ["c0"], "calls: chair": ["c0", "c1"]}
    review.tags.write_text("folder\tname\ttags\twhen\na\tb\tdog\t-\n")
    with pytest.raises(UserError, match="line 2.*dog"):
        tags.read(review.tags)


def test_a_call_is_held_out_as_a_whole():
    source = SourceConfig("labels", held_out="call_0036..call_0069")
    split = lambda n: splits.split("scenario/calls", f"call_{n:04d}", source)
    assert [split(n) for n in (35, 36, 50, 69, 70)] == ["train", "val", "val", "val", "train"]


# In a real browser.


def drag(page, *points, button=0):
    """A stroke of the mouse over places of the picture, shares of its width and height."""
    from selenium.webdriver.common.actions.action_builder import ActionBuilder

    box = page.js("const b = document.getElementById('overlay').getBoundingClientRect(); return [b.left, b.top, b.width, b.height]")
    actions = ActionBuilder(page.browser)
    mouse = actions.pointer_action
    for number, (x, y) in enumerate(points):
        mouse.move_to_location(round(box[0] + x * box[2]), round(box[1] + y * box[3]))
        if number == 0:
            mouse.pointer_down(button)
    mouse.pointer_up(button)
    actions.perform()


def strokes_at(page, count):
    page.until(lambda: page.text("strokes") == f"{count} strokes" and page.js("return !saving"))


@pytest.fixture
def editor(page):  # noqa: F811
    page.open(0)
    page.press("e", *"]]]]")  # the pictures are small: a brush of two pixels
    strokes_at(page, 0)
    return page


def test_the_brush_paints_and_the_eraser_erases(running, editor):  # noqa: F811
    review, port = running
    before = decoded(port, "matte")
    drag(editor, (0.1, 0.1), (0.9, 0.1))
    strokes_at(editor, 1)
    painted = decoded(port, "matte")
    assert before[6, 32] < 255 and painted[6, 32] == 255 and painted[6, 10] == 255
    editor.press("2", "]", "]")
    drag(editor, (0.5, 0.05), (0.5, 0.95))
    strokes_at(editor, 2)
    erased = decoded(port, "matte")
    assert erased[:, 32].max() == 0 and erased[6, 10] == 255
    first, second = touchup.read(review.touchups)[FOLDER, "c0"]
    assert (first.mode, second.mode) == (SUBJECT, BACKGROUND) and second.radius > 1.5 * first.radius
    # What is seen is what is kept: the overlay shows the green background where it was erased.
    colour = editor.js("return [...document.getElementById('overlay').getContext('2d').getImageData(32, 40, 1, 1).data]")
    assert colour[:3] == [60, 200, 60]


def test_strokes_are_undone_one_by_one_and_survive_a_reload(running, editor):  # noqa: F811
    review, port = running
    before = decoded(port, "matte").tolist()
    for count, y in enumerate((0.2, 0.4, 0.6), 1):
        drag(editor, (0.1, y), (0.9, y))
        strokes_at(editor, count)
    editor.press("u")
    strokes_at(editor, 2)
    editor.open(0)
    editor.press("e")
    strokes_at(editor, 2)
    editor.press("u")
    strokes_at(editor, 1)
    editor.press("u")
    strokes_at(editor, 0)
    editor.press("u")
    editor.says("no stroke to undo")
    assert decoded(port, "matte").tolist() == before and touchup.read(review.touchups) == {}


def test_zoom_keeps_the_pixel_under_the_mouse_and_strokes_their_place(running, editor):  # noqa: F811
    review, _ = running
    width = lambda: editor.js("return document.getElementById('overlay').getBoundingClientRect().width")
    small = width()
    editor.press(*"+++++")
    assert width() > 2.9 * small
    wheel = ("const s = document.getElementById('stage'), b = s.getBoundingClientRect(), o = document.getElementById('overlay');"
             "const at = () => { const r = o.getBoundingClientRect(); return (b.left + 300 - r.left) / r.width; };"
             "const before = at(); s.dispatchEvent(new WheelEvent('wheel', { deltaY: -1, clientX: b.left + 300, clientY: b.top + 200 }));"
             "return [before, at()]")
    before, after = editor.js(wheel)
    assert abs(before - after) < 0.005
    # A stroke is where it was drawn, however large the picture is shown.
    centre = editor.js("const s = document.getElementById('stage').getBoundingClientRect(), o = document.getElementById('overlay').getBoundingClientRect();"
                       "return [(s.left + s.width / 2 - o.left) / o.width, (s.top + s.height / 2 - o.top) / o.height]")
    drag(editor, tuple(centre))
    strokes_at(editor, 1)
    (stroke,) = touchup.read(review.touchups)[FOLDER, "c0"]
    np.testing.assert_allclose(stroke.points[0], centre, atol=0.005)
    editor.press("0")
    assert abs(width() - small) < 2


def test_an_outline_is_filled_and_doubt_is_marked(running, editor):  # noqa: F811
    _, port = running
    editor.press("a")
    drag(editor, (0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
    strokes_at(editor, 1)
    assert decoded(port, "matte")[32, 32] == 255
    editor.press("a", "3")
    drag(editor, (0.5, 0.5))
    strokes_at(editor, 2)
    assert decoded(port, "confidence")[32, 32] == 0 and decoded(port, "confidence")[5, 5] == 255


def test_keys_that_decide_do_nothing_while_correcting(running, editor):  # noqa: F811
    from selenium.webdriver.common.keys import Keys

    review, _ = running
    editor.press("k", "d", Keys.ARROW_RIGHT, "n")
    drag(editor, (0.3, 0.3), (0.4, 0.4))
    strokes_at(editor, 1)
    assert not review.file.exists()
    editor.press(Keys.ESCAPE)
    editor.press("k")
    editor.at(1)
    assert review.file.exists()


def test_a_stroke_that_is_not_saved_is_not_claimed(running, editor):  # noqa: F811
    review, _ = running
    editor.js("window.real = window.fetch; window.fetch = () => Promise.reject(new Error('server gone'))")
    drag(editor, (0.3, 0.3), (0.4, 0.4))
    editor.says("server gone")
    strokes_at(editor, 0)
    assert "1 c0" in editor.text("unsaved") and not review.touchups.exists()
    editor.js("window.fetch = window.real")
    drag(editor, (0.3, 0.3), (0.4, 0.4))
    strokes_at(editor, 1)
    assert editor.text("unsaved") == ""


def test_tags_by_number(running, page):  # noqa: F811
    review, _ = running
    page.open(0)
    page.press("1")
    page.until(lambda: tags.read(review.tags).get((FOLDER, "c0")) == ("headset",))
    page.until(lambda: page.js("return document.querySelector('#tags button').ariaPressed") == "true")
    page.press("1")
    page.until(lambda: tags.read(review.tags).get((FOLDER, "c0")) == ())


def test_what_the_repository_keeps_is_read_and_agrees():
    configs = pathlib.Path(__file__).parent.parent / "configs"
    strokes, noted = touchup.read(configs / "touchup.tsv"), tags.read(configs / "tags.tsv")
    decided, known = decisions.read(configs / "review.tsv"), sources(DataConfig())
    assert len(strokes) > 40 and len(noted) > 50
    for key in {*strokes, *noted}:
        assert decided[key] == decisions.KEEP, key
    # Strokes also mend labels that train; what is tagged is measured.
    split = lambda key: splits.split(*key, known[key[0]])
    assert all(split(key) == splits.VALIDATION for key in noted)
    assert sum(split(key) == splits.VALIDATION for key in strokes) > 40 < len(strokes) - 20
