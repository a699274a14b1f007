# SPDX-License-Identifier: MPL-2.0
import http.client
import json
import shutil
import threading

import numpy as np
import pytest
from conftest import write

from mattenet.errors import UserError
from mattenet.review import decisions, server

FOLDER = "scenario/cam"


@pytest.fixture
def running(tiny):
    review = server.Review(tiny, [], None)
    http_server = server.serve(review, 0)
    thread = threading.Thread(target=http_server.serve_forever, daemon=True)
    thread.start()
    yield review, http_server.server_port
    http_server.shutdown()
    http_server.server_close()


def ask(port, method, path, body=None, headers=None):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    link.request(method, path, body, headers or {})
    answer = link.getresponse()
    return answer.status, answer.getheader("Content-Type"), answer.read()


def post(port, number, decision, name=None):
    body = json.dumps({"number": number, "name": name or f"{FOLDER}/c{number}", "decision": decision})
    return ask(port, "POST", "/decide", body, {"Content-Type": "application/json"})[0]


def lines(review):
    return review.file.read_text().splitlines()[1:] if review.file.exists() else []


def test_pictures_come_by_rising_score_with_all_three_views(running):
    review, port = running
    listed = json.loads(ask(port, "GET", "/list")[2])["pictures"]
    assert [e["score"] for e in listed] == sorted(e["score"] for e in listed)
    assert len(listed) == 6 and listed[0]["decision"] is None
    for kind in ("picture", "matte", "confidence"):
        status, content, body = ask(port, "GET", f"/{kind}/0")
        assert (status, content) == (200, "image/png") and body[1:4] == b"PNG"
    assert ask(port, "GET", "/picture/6")[0] == 404
    assert ask(port, "GET", "/picture/../../etc/passwd")[0] == 404


def test_page_loads_nothing_from_elsewhere(running):
    status, _, body = ask(running[1], "GET", "/")
    assert status == 200 and b"http://" not in body and b"https://" not in body


def test_decisions_are_kept_undone_and_resumed(running, tiny):
    review, port = running
    assert post(port, 0, "drop") == 200 and post(port, 1, "keep") == 200 and post(port, 1, "undecided") == 200
    assert decisions.read(review.file) == {(FOLDER, "c0"): "drop"}
    again = server.Review(tiny, [FOLDER], None)
    assert [e["decision"] for e in again.listing()][:2] == ["drop", None]


def test_bad_requests_change_nothing(running):
    review, port = running
    assert post(port, 0, "keep", f"{FOLDER}/c1") == 400  # a page older than the server, which numbers others
    assert post(port, 99, "keep") == 400 and post(port, True, "perhaps") == 400 and post(port, 0, "maybe") == 400
    assert ask(port, "POST", "/decide", "number=0", {"Content-Type": "application/x-www-form-urlencoded"})[0] == 400
    assert ask(port, "GET", "/list", headers={"Host": "evil.example"})[0] == 403
    assert not review.file.exists()


def test_what_changes_nothing_adds_no_line(running):
    review, port = running
    for decision in ("undecided", "keep", "keep", "undecided", "undecided"):
        assert post(port, 0, decision) == 200
    assert [line.split("\t")[2] for line in lines(review)] == ["keep", "undecided"]


def test_a_file_that_cannot_be_written_is_an_error(running):
    review, port = running
    review.file.mkdir()
    assert post(port, 0, "keep") == 500


def test_starts_at_a_score(tiny):
    assert server.Review(tiny, [], None).start is None
    assert server.Review(tiny, [], None, 0.5).start == 2  # scores 0.2, 0.35, 0.5, ...
    with pytest.raises(UserError, match="highest score is 0.950"):
        server.Review(tiny, [], None, 0.96)


def test_says_which_labels_are_used_only_when_kept(tiny):
    why = lambda cfg: [e["unless_kept"] for e in server.Review(cfg, [], None).listing()]
    assert why(tiny) == ["below least_score"] + [""] * 5
    tiny.sources[FOLDER].validation = True
    assert why(tiny) == ["validation, not kept"] * 6


def test_a_damaged_decisions_file_is_named_with_its_line(tmp_path):
    file = tmp_path / "review.tsv"
    file.write_text("folder\tname\tdecision\tscore\twhen\na\tb\tkeeep\t1\t-\n")
    with pytest.raises(UserError, match="line 2.*keeep"):
        decisions.read(file)


def test_unknown_folder_is_an_error(tiny):
    with pytest.raises(UserError, match="scenario/cam"):
        server.Review(tiny, ["rooms"], None)


class Page:
    """The page in a real browser. Waits are long: they end as soon as what they wait for is there."""

    def __init__(self, browser, port):
        self.browser, self.address = browser, f"http://127.0.0.1:{port}/"

    def until(self, true):
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.browser, 60, 0.05).until(lambda _: true())

    def open(self, at, fragment=""):
        self.browser.get("about:blank")  # else another fragment alone loads nothing
        self.browser.get(self.address + fragment)
        self.at(at)

    def reload(self, at):
        self.until(lambda: self.js(f"return location.hash.endsWith('c{at}')"))
        self.browser.refresh()
        self.at(at)

    def at(self, number):
        self.until(lambda: self.js("return document.body.dataset.shown") == str(number))

    def press(self, *keys):
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.browser).send_keys(*keys).perform()

    def js(self, code):
        return self.browser.execute_script(code)

    def text(self, name):
        return self.js(f"return document.getElementById('{name}').textContent")

    def says(self, part, name="message"):
        self.until(lambda: part in self.text(name))

    def colours(self, name="overlay"):
        return self.js(f"const c = document.getElementById('{name}');"
                       "return new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size")


@pytest.fixture(scope="module")
def browser():
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("no Chromium")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,720"):
        options.add_argument(word)
    options.binary_location = shutil.which("chromium")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, running):
    return Page(browser, running[1])


def test_keys_in_a_real_browser(running, page):
    from selenium.webdriver.common.keys import Keys

    review, _ = running
    page.open(0)
    page.press("u")
    page.says("nothing to undo since this page was loaded")
    for number, key in enumerate(["k", "d", "k"], 1):
        page.press(key)
        page.at(number)
    page.press("u")  # undoes the third
    page.at(2)
    wanted = {(FOLDER, "c0"): "keep", (FOLDER, "c1"): "drop"}
    assert decisions.read(review.file) == wanted
    assert "1 kept, 1 dropped, 4 open" in page.text("count")
    assert page.colours() > 10  # the overlay really shows the matte
    # Arrows only move.
    for key, number in ((Keys.ARROW_LEFT, 1), (Keys.ARROW_UP, 0), (Keys.ARROW_RIGHT, 1), (Keys.ARROW_DOWN, 2), (Keys.ARROW_LEFT, 1)):
        page.press(key)
        page.at(number)
    page.press(Keys.SPACE)
    page.at(2)
    assert decisions.read(review.file) == wanted
    page.press("k")
    page.at(3)
    page.press(Keys.BACKSPACE)
    page.at(2)
    assert decisions.read(review.file) == wanted
    page.open(2)  # resumes at the first undecided


def test_zoom_by_key_and_by_click(page):
    from selenium.webdriver.common.keys import Keys

    page.open(0)
    width = lambda: page.js("return document.getElementById('overlay').getBoundingClientRect().width")
    click = lambda: page.browser.find_element("id", "overlay").click()
    small = width()
    for inward, outward in ((lambda: page.press("z"), lambda: page.press("z")), (click, click), (click, lambda: page.press(Keys.ESCAPE))):
        inward()
        assert width() > 0.95 * page.js("return innerWidth")
        outward()
        assert width() == small


def test_the_bar_stays_where_it_is(page):
    page.open(0)
    left = lambda: page.js("return document.getElementById('bar').getBoundingClientRect().left")
    before = left()
    page.js("list[0].name = 'long'.repeat(200); list[0].decision = 'keep'; head()")
    assert left() == before


def test_doubtful_pixels_are_striped(running, page, tiny):
    review, _ = running
    write(review.items[0].confidence, np.zeros((64, 64), np.uint8))
    write(review.items[0].picture, np.full((64, 64, 3), (230, 0, 40), np.uint8))  # clothes of the stripes' own red
    page.open(0)
    striped = page.colours()
    page.press("c")
    assert striped > page.colours()
    page.press("c")
    assert page.colours() == striped


def test_a_decision_that_is_not_saved_is_not_claimed(running, page):
    from selenium.webdriver.common.keys import Keys

    review, _ = running
    page.open(0)
    page.js("window.real = window.fetch; window.fetch = () => Promise.reject(new Error('server gone'))")
    page.press("k")
    page.says("server gone")
    assert page.text("decision") == "undecided" and "0 kept, 0 dropped, 6 open" in page.text("count")
    page.at(0)
    # Another one that is saved does not make the first forgotten.
    page.js("window.fetch = window.real")
    page.press(Keys.ARROW_RIGHT)
    page.at(1)
    page.press("d")
    page.at(2)
    assert "1 c0" in page.text("unsaved")
    assert decisions.read(review.file) == {(FOLDER, "c1"): "drop"}
    page.press("g", "1", Keys.ENTER)
    page.at(0)
    page.press("k")
    page.at(1)
    assert page.text("unsaved") == ""
    assert decisions.read(review.file) == {(FOLDER, "c0"): "keep", (FOLDER, "c1"): "drop"}
    # An undo that fails can be tried again; a server that refuses says why.
    saved = review.file.read_text()
    review.file.write_text(saved + "damaged\n")
    page.press("u")
    page.says("review.tsv, line 4")
    assert page.text("decision") == "keep" and "1 c0" in page.text("unsaved")
    review.file.write_text(saved)
    page.press("u")
    page.until(lambda: page.text("decision") == "undecided")
    assert decisions.read(review.file) == {(FOLDER, "c1"): "drop"}


def test_after_a_failure_the_page_returns_to_its_picture(page):
    from selenium.webdriver.common.keys import Keys

    page.open(0)
    page.js("window.fetch = () => new Promise((_, fail) => { window.fail = () => fail(new Error('slow and gone')); })")
    page.press("k")
    page.press(Keys.ARROW_RIGHT)
    page.at(1)
    page.press("d")
    page.says("still saving")
    page.js("window.fail()")
    page.at(0)
    page.says("slow and gone")


def test_a_picture_that_is_not_shown_cannot_be_decided(running, page):
    from selenium.webdriver.common.keys import Keys

    review, _ = running
    hidden = review.items[1].picture.with_suffix(".away")
    review.items[1].picture.rename(hidden)
    page.open(0)
    page.press(Keys.ARROW_RIGHT)
    page.says("/picture/1 cannot be shown")
    assert [page.colours(name) for name in ("picture", "matte", "overlay")] == [1, 1, 1]
    for key in ("k", "d"):
        page.press(key)
        page.says("cannot be shown")
    assert lines(review) == [] and page.text("where").startswith("2 / 6")
    hidden.rename(review.items[1].picture)
    page.press("k")  # tries to show it again, decides nothing
    page.at(1)
    assert page.colours("picture") > 10 and lines(review) == []
    page.press("k")
    page.at(2)
    assert decisions.read(review.file) == {(FOLDER, "c1"): "keep"}


def test_nothing_is_decided_while_a_picture_loads(running, page):
    from selenium.webdriver.common.keys import Keys

    review, _ = running
    page.open(0)
    page.js("loaded.set(1, new Promise(done => { window.done = done; }))")
    page.press(Keys.ARROW_RIGHT)
    assert page.colours("picture") == 1
    page.press("k")
    page.says("nothing decided")
    page.js("load(0).then(window.done)")
    page.at(1)
    assert lines(review) == []


def test_a_key_held_down_decides_once(running, page):
    review, _ = running
    page.open(0)
    held = "dispatchEvent(new KeyboardEvent('keydown', { key: '%s', repeat: %s }))"
    page.js(held % ("k", "false"))
    page.at(1)
    for key in "kdu":
        page.js(held % (key, "true"))
    page.press("d")  # whatever the repeats did would have come before this
    page.at(2)
    assert decisions.read(review.file) == {(FOLDER, "c0"): "keep", (FOLDER, "c1"): "drop"} and len(lines(review)) == 2
    page.js(held % ("ArrowRight", "true"))  # looking through with a key held down is meant
    page.at(3)


def test_the_ends_of_the_list_are_said(running, page):
    from selenium.webdriver.common.keys import Keys

    review, port = running
    page.open(0)
    page.press(Keys.ARROW_LEFT)
    page.says("first picture")
    page.press("g", "6", Keys.ENTER)
    page.at(5)
    page.press(Keys.ARROW_RIGHT)
    page.says("last picture")
    page.press("k")
    page.says("N goes to the 5 open")
    page.press("k", "k")
    page.press("n")
    page.at(0)
    page.says("from the start")
    assert len(lines(review)) == 1
    for number in range(1, 5):
        post(port, number, "drop")
    page.open(0)
    page.press("n")
    page.says("no other picture is open")
    page.press("d")
    page.says("all decided")
    page.press("n")
    page.says("all decided")
    page.open(0)
    page.says("all decided")


def test_a_reload_returns_to_the_picture(running, page):
    from selenium.webdriver.common.keys import Keys

    review, _ = running
    page.open(0)
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    page.at(3)
    page.reload(3)
    page.press("k")
    page.at(4)
    page.reload(4)
    page.open(1, f"#{FOLDER}/c1")
    page.open(0, "#gone/c1")
    review.start = 2  # --from
    page.open(2)
    page.open(1, f"#{FOLDER}/c1")


def test_jumps_to_a_number_or_a_score(running, page):
    from selenium.webdriver.common.keys import Keys

    review, _ = running
    page.open(0)
    assert "not used: below least_score" in page.text("where")
    for typed, number in (("3", 2), ("0.6", 3), ("0,9", 5), ("1", 0)):
        page.press("g", *typed, Keys.ENTER)
        page.at(number)
    page.press("g", "kd3", Keys.ESCAPE)
    page.until(lambda: not page.js("return document.getElementById('jump').open"))
    page.at(0)
    for typed in ("7", "0", "0.96", "x"):
        page.press("g", *typed, Keys.ENTER)
        page.says(f"no picture {typed}: ")
    page.at(0)
    assert lines(review) == []
    page.press("k")
    page.at(1)
    assert "not used" not in page.text("where")
    page.press(Keys.ARROW_LEFT)
    page.at(0)
    assert "not used" not in page.text("where")  # kept
