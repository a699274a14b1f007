# SPDX-License-Identifier: MPL-2.0
import http.client
import json
import shutil
import threading

import pytest

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


def post(port, number, decision):
    return ask(port, "POST", "/decide", json.dumps({"number": number, "decision": decision}), {"Content-Type": "application/json"})[0]


def test_pictures_come_by_rising_score_with_all_three_views(running):
    review, port = running
    listed = json.loads(ask(port, "GET", "/list")[2])
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
    assert post(port, 99, "keep") == 400 and post(port, True, "perhaps") == 400 and post(port, 0, "maybe") == 400
    assert ask(port, "POST", "/decide", "number=0", {"Content-Type": "application/x-www-form-urlencoded"})[0] == 400
    assert ask(port, "GET", "/list", headers={"Host": "evil.example"})[0] == 403
    assert not review.file.exists()


def test_a_damaged_decisions_file_is_named_with_its_line(tmp_path):
    file = tmp_path / "review.tsv"
    file.write_text("folder\tname\tdecision\tscore\twhen\na\tb\tkeeep\t1\t-\n")
    with pytest.raises(UserError, match="line 2.*keeep"):
        decisions.read(file)


def test_unknown_folder_is_an_error(tiny):
    with pytest.raises(UserError, match="scenario/cam"):
        server.Review(tiny, ["rooms"], None)


@pytest.mark.skipif(not (shutil.which("chromium") and shutil.which("chromedriver")), reason="no Chromium")
def test_keys_in_a_real_browser(running, tmp_path):
    webdriver = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    review, port = running
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,720"):
        options.add_argument(word)
    options.binary_location = shutil.which("chromium")
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        browser.get(f"http://127.0.0.1:{port}/")
        body = lambda: browser.find_element(By.TAG_NAME, "body")
        at = lambda n: WebDriverWait(browser, 20).until(lambda b: body().get_attribute("data-shown") == str(n))
        at(0)
        for number, key in enumerate([Keys.ARROW_RIGHT, "d", "k"], 1):
            body().send_keys(key)
            at(number)
        body().send_keys("u")  # undoes the third
        at(2)
        wanted = {(FOLDER, "c0"): "keep", (FOLDER, "c1"): "drop"}
        WebDriverWait(browser, 20).until(lambda b: decisions.read(review.file) == wanted)
        assert "1 kept, 1 dropped, 4 open" in browser.find_element(By.ID, "count").text
        # The overlay really shows the matte: more than one colour.
        colours = browser.execute_script(
            "const c = document.getElementById('overlay');"
            "return new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size")
        assert colours > 10
        browser.refresh()
        at(2)  # resumes at the first undecided
    finally:
        browser.quit()
