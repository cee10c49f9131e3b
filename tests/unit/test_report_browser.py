"""The report in a browser: it fits a phone, follows the colour scheme, and asks for nothing."""

import html
import json
import re
import shutil
import subprocess

import pytest
from PIL import Image

import balkhash_model as bm
from balkhash_model import report
from balkhash_model.job import write_result

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: Tells how wide the page is, what sticks out, and which drawings are in sight.
MEASURE = """<script>
const all = [...document.querySelectorAll("body *")];
const wide = all.filter(e => !e.closest(".scroll, pre, svg")
  && e.getBoundingClientRect().right > innerWidth + 1);
const shown = [...document.querySelectorAll("figure svg")].filter(e => e.getClientRects().length);
parent.document.title = JSON.stringify({
  inner: innerWidth, scroll: document.documentElement.scrollWidth,
  wide: wide.map(e => e.tagName + "." + e.className), shown: shown.length,
  figures: document.querySelectorAll("figure [role=img]").length,
  cut: shown.flatMap(s => [...s.querySelectorAll("text")].filter(t => {
    const a = t.getBoundingClientRect(), b = s.getBoundingClientRect();
    return a.right > b.right + 2 || a.left < b.left - 2 || a.bottom > b.bottom + 2;
  }).map(t => t.textContent)),
  small: Math.min(...shown.flatMap(s => [...s.querySelectorAll("text")].map(
    t => parseFloat(getComputedStyle(t).fontSize)
      * Math.hypot(t.getScreenCTM().a, t.getScreenCTM().b)))),
});
</script></body>"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory, hindcast_free):
    """Pages of a run and of two plans in each language."""
    folder = tmp_path_factory.mktemp("pages")
    run, plans = folder / "run.nc", folder / "plans.nc"
    write_result(hindcast_free, run)
    write_result(bm.run_ensemble(["baseline_2050", "irrigation_saving"], members=20), plans)
    return {
        (name, code): report.write_report([path], folder / f"{name}.{code}.html", code)
        for name, path in (("run", run), ("plans", plans))
        for code in report.LANGUAGES
    }


def browse(tmp_path, page, width, *flags, height=1000):
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}"]
    command += [f"--window-size={width},{height}", *flags, page.as_uri()]
    return subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=True
    ).stdout


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("code", report.LANGUAGES)
@pytest.mark.parametrize("name", ["run", "plans"])
def test_the_page_fits(pages, tmp_path, name, code, width):
    text = pages[name, code].read_text(encoding="utf-8")
    # the page itself allows no script: a copy without that rule is measured
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    copy = tmp_path / "copy.html"
    # a window has a least width: the page stands in a frame of the width that is asked for
    inner = html.escape(text.replace("</body>", MEASURE))
    frame = f'<iframe width="{width}" height="900" style="border: 0" srcdoc="{inner}"></iframe>'
    head = '<!DOCTYPE html><html><head><meta charset="utf-8"><title></title></head>'
    copy.write_text(f"{head}<body>{frame}</body></html>", encoding="utf-8")
    dom = browse(tmp_path, copy, 1400, "--dump-dom")
    found = json.loads(html.unescape(re.search(r"<title>(.*?)</title>", dom, re.DOTALL)[1]))
    assert found["inner"] == width
    assert found["scroll"] <= width
    assert found["wide"] == []
    # of the two drawings of each figure one is in sight, and its letters can be read
    assert found["shown"] == found["figures"] >= 3
    assert found["cut"] == []
    assert found["small"] >= 8.0


@pytest.mark.parametrize(("scheme", "dark"), [(0, True), (1, False)])
def test_the_page_follows_the_colour_scheme(pages, tmp_path, scheme, dark):
    shot = tmp_path / "shot.png"
    flags = (f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={shot}")
    browse(tmp_path, pages["run", "en"], 390, *flags)
    with Image.open(shot) as image:
        grey = image.convert("L")
        assert grey.width == 390
        corner, (low, high) = grey.getpixel((2, 2)), grey.getextrema()
    assert corner < 40 if dark else corner > 240
    # there is something on it, in the opposite shade
    assert high > 200 if dark else low < 60


def asked(tmp_path, page):
    """Origins of all requests to the network; those of the browser itself have none."""
    log = tmp_path / "net.json"
    browse(tmp_path, page, 1280, f"--log-net-log={log}", "--dump-dom")
    found = re.findall(r'"initiator":"([^"]*)"', log.read_text(encoding="utf-8"))
    return {origin for origin in found if origin != "not an origin"}


def test_the_page_asks_for_nothing(pages, tmp_path):
    page = pages["plans", "en"]
    assert asked(tmp_path, page) == set()
    # the same page with a picture from elsewhere, and without the rule that would stop it, does
    text = re.sub(
        r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text(encoding="utf-8")
    )
    text = text.replace("</main>", '<img alt="" src="http://127.0.0.1:9/x.png"></main>')
    copy = tmp_path / "asking.html"
    copy.write_text(text, encoding="utf-8")
    assert asked(tmp_path, copy) != set()
