"""The page in a real browser: headless Chromium, driven as a reader would."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shutil
import time
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from benchmark.pages.page import page
from benchmark.ranking.leaderboard import collect
from benchmark.ranking.recordings import Recordings
from benchmark.scoring.results import Result, write_result
from tests.ranking.many import many
from tests.ranking.results import card, result, with_phones

pytestmark = pytest.mark.browser

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_DRIVER = shutil.which("chromedriver")


def _absent():
    try:
        import selenium
    except ImportError:
        return "the package selenium (extra `test`)"
    return None if _CHROMIUM and _DRIVER and selenium else "chromium and chromedriver"


@pytest.fixture(scope="module")
def browser():
    if lacking := _absent():
        pytest.skip(f"the page is tested in a browser, and this machine lacks {lacking}")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = _CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_argument("--window-size=1280,900")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(_DRIVER))
    yield driver
    driver.quit()


def written(folder, results, items=None):
    board = collect(results, folder / "no manifests")
    path = folder / "index.html"
    text = page(
        board.shown, board.kept_out, items or {}, trust=board.trust, speakers=board.speakers, docs="../docs"
    )
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Two recipes, seven models, two measures, one result that is kept out, and something to listen to."""
    folder = tmp_path_factory.mktemp("small")
    levels = {"alpha": 0.3, "beta": 0.6, "gamma": 0.45, "delta": 0.2, "epsilon": 0.5}
    for name, level in levels.items():
        item = result(name, level)
        sound = result(name, level, measure="SISDR").scores
        scores = [*item.scores, *(row for row in sound if row["parameter"] == "LA")]
        for row in scores[len(item.scores) :]:
            row.update(parameter="", value=20 * row["value"])
        said = card(name, scores, measures=("PPMC", "SISDR"))
        if name in ("beta", "gamma"):
            said = replace(said, trained_on=["speech"], parameters=100 if name == "beta" else 2_000_000)
            said = replace(said, submitter="=Jo")
        write_result(folder / "results", Result(said, scores))
    write_result(folder / "results", result("oracle", 0.9, hears="clean"))
    write_result(folder / "results", result("old", 0.9, version="7"))
    write_result(folder / "results", with_phones(result("other", 0.4, recipe="zoo")))
    write_result(folder / "results", result("plain", 0.2, recipe="zoo"))
    return written(folder, folder / "results", {"toy": listening()})


def listening():
    wave = [[0.1 * i for i in range(50)], [5 - 0.1 * i if i != 20 else None for i in range(50)]]
    mixtures = [
        {
            "mixture_id": f"{kind}/0/S0/U000",
            "noise_kind": kind,
            "noise_category": category,
            "snr_db": 0.0,
            "sound": "01/noisy.mp3",
            "models": [{"model": "beta", "sound": "01/beta.mp3", "trajectories": wave}],
        }
        for kind, category in (("babble", "babble"), ("nonbabble", "white"))
    ]
    item = {
        "utterance_id": "S0/U000",
        "prompt": "A sentence.",
        "sound": "01/clean.mp3",
        "parameters": ["LA", "TTCD"],
        "trajectories": wave,
        "mixtures": mixtures,
    }
    stream = io.BytesIO()
    soundfile.write(stream, 0.1 * np.sin(np.arange(16000) / 5), 16000, format="MP3", subtype="MPEG_LAYER_III")
    sounds = dict.fromkeys(("01/clean.mp3", "01/noisy.mp3", "01/beta.mp3"), stream.getvalue())
    return Recordings({"rate_hz": 50, "items": [item]}, sounds)


@pytest.fixture
def opened(browser, small):
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(small.as_uri())
    assert browser.execute_script("return document.documentElement.dataset.ready") == "true"
    yield browser
    assert browser.get_log("browser") == []


def find(browser, css):
    return browser.find_elements("css selector", css)


def one(browser, css):
    (element,) = find(browser, css)
    return element


def names(browser):
    return [cell.text for cell in find(browser, "#table tbody td.name")]


def heading(browser, title):
    (button,) = [item for item in find(browser, "#table th button") if item.text.strip() == title]
    return button


def pick(browser, css, text):
    from selenium.webdriver.support.ui import Select

    Select(one(browser, css)).select_by_visible_text(text)


def tick(browser, name):
    box = one(browser, f"#table input[aria-label='draw {name}']")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
    box.click()


def drawn(browser):
    return [item.text for item in find(browser, "#legend li")]


def test_models_stand_in_the_order_of_their_ranks(opened):
    assert names(opened) == ["beta", "epsilon", "gamma", "alpha", "delta", "oracle"]
    first = one(opened, "#table tbody tr:first-child").text
    assert re.match(r"1 beta 0\.560 \[0\.550, 0\.570\]", first), first


def test_a_click_on_a_heading_sorts_and_another_turns_it_round(opened):
    heading(opened, "model").click()
    assert names(opened) == ["alpha", "beta", "delta", "epsilon", "gamma", "oracle"]
    heading(opened, "model").click()
    assert names(opened) == ["oracle", "gamma", "epsilon", "delta", "beta", "alpha"]
    assert one(opened, "#table th[aria-sort=descending]").text.strip() == "model"
    heading(opened, "noisy mean").click()
    assert names(opened)[0] == "oracle"
    # What has no rank comes last, whichever way.
    for _ in range(2):
        heading(opened, "rank").click()
        assert names(opened)[-1] == "oracle"


def test_headings_sort_by_keyboard_and_keep_the_focus(opened):
    from selenium.webdriver.common.keys import Keys

    heading(opened, "model").send_keys(Keys.ENTER)
    assert names(opened)[0] == "alpha"
    assert opened.switch_to.active_element.text.strip() == "model"
    opened.switch_to.active_element.send_keys(Keys.SPACE)
    assert names(opened)[0] == "oracle"


def test_the_filter_leaves_what_was_asked_for(opened):
    one(opened, "#filter").send_keys("ALPHA")
    assert names(opened) == ["alpha"]
    assert one(opened, "#count").text == "1 of 6 models"
    one(opened, "#filter").clear()
    one(opened, "#filter").send_keys("nothing such")
    assert names(opened) == []
    one(opened, "#filter").clear()
    one(opened, "#filter").send_keys("model a")
    assert set(names(opened)) == {"beta", "gamma", "alpha", "delta", "epsilon", "oracle"} & set(names(opened))
    assert "alpha" in names(opened)


def test_where_nothing_matches_the_table_says_so_and_offers_the_way_back(opened):
    one(opened, "#filter").send_keys("nothing such")
    assert one(opened, "#table td.nothing").text.startswith("Nothing matches")
    one(opened, "#table td.nothing button").click()
    assert len(names(opened)) == 6
    assert one(opened, "#filter").get_attribute("value") == ""


def test_filters_for_what_a_result_is_worth(opened):
    pick(opened, "#training", "stated")
    assert names(opened) == ["beta", "gamma"]
    pick(opened, "#training", "any")
    pick(opened, "#front", "accuracy and size")
    assert names(opened) == ["beta"]
    pick(opened, "#front", "all models")
    one(opened, "#rerun").click()
    assert names(opened) == []
    one(opened, "#table td.nothing button").click()
    notes = {row.get_attribute("data-model"): row.text for row in find(opened, "#table tbody tr")}
    assert "training not stated" in notes["alpha"]
    assert "front: size" in notes["beta"]


def test_what_is_listed_can_be_taken_home_as_csv_and_json(opened):
    opened.execute_script(
        "window.saved = []; window.taken = [];"
        "URL.createObjectURL = (blob) => { window.saved.push(blob); return 'blob:none'; };"
        "HTMLAnchorElement.prototype.click = function () { window.taken.push(this.download); };"
    )
    one(opened, "#filter").send_keys("beta")
    for button in ("#csv", "#json"):
        one(opened, button).click()
    texts = opened.execute_async_script(
        "const done = arguments[0]; Promise.all(window.saved.map((blob) => blob.text())).then(done)"
    )
    assert opened.execute_script("return window.taken") == ["toy_PPMC.csv", "toy_PPMC.json"]
    rows = list(csv.DictReader(io.StringIO(texts[0])))
    (record,) = json.loads(texts[1])
    assert {row["model"] for row in rows} == {record["model"]} == {"beta"}
    assert len(rows) == len(record["values"]) == 9
    assert float(rows[0]["value"]) == record["values"][0]["value"]
    assert record["trained_on"] == "speech"
    assert rows[0]["submitter"] == "'=Jo"


def test_what_was_chosen_stays_when_the_corpus_changes_and_comes_back(opened):
    pick(opened, "#measure", "SISDR")
    pick(opened, "#baseline", "alpha")
    tick(opened, "gamma")
    shown = drawn(opened)
    pick(opened, "#recipe", "zoo: Toy")
    assert drawn(opened) == ["other", "plain"]
    pick(opened, "#recipe", "toy: Toy")
    assert one(opened, "#measure option:checked").text == "SISDR"
    assert one(opened, "#baseline option:checked").text == "alpha"
    assert drawn(opened) == shown


def test_one_recording_plays_at_a_time(opened):
    playing = opened.execute_script(
        "const [first, second] = document.querySelectorAll('#players audio');"
        "let paused = false; first.pause = () => { paused = true; };"
        "second.dispatchEvent(new Event('play')); return paused;"
    )
    assert playing


def test_no_name_in_a_plot_covers_another(opened):
    boxes = opened.execute_script(
        "const place = (label) => { const box = label.getBoundingClientRect();"
        " return [label.textContent, box.left, box.right, box.top, box.bottom]; };"
        "const labels = (svg) => [...svg.querySelectorAll('text.label')].map(place);"
        "return [...document.querySelectorAll('#speed svg')].map(labels)"
    )
    assert [len(plot) for plot in boxes] == [5, 2]
    for plot in boxes:
        for i, (_, left, right, top, bottom) in enumerate(plot):
            for _, left_, right_, top_, bottom_ in plot[i + 1 :]:
                assert right <= left_ or right_ <= left or bottom <= top_ + 1 or bottom_ <= top + 1


def test_every_axis_and_every_column_of_values_has_a_unit(opened):
    for measure, unit in (("PPMC", "PPMC (no unit)"), ("SISDR", "SISDR (dB)")):
        pick(opened, "#measure", measure)
        units = [item.text for item in find(opened, "#table th small.unit")]
        assert units == [unit] * 5 + ["× real time", "number", "scores"]
        axes = {item.text for item in find(opened, "#snr svg text, #speed svg text")}
        assert {unit, "SNR (dB)"} <= axes
    for axis in ("time (s)", "LA (mm)", "TTCD (mm)"):
        assert axis in {item.text for item in find(opened, "#trajectories svg text")}


def test_how_to_cite_and_where_to_read_on(opened):
    assert "@software{sinbad" in one(opened, "#bibtex").get_attribute("textContent")
    links = [item.get_attribute("href") for item in find(opened, "footer nav a")]
    assert len(links) == 5
    assert all("/docs/" in link for link in links)


def test_oracles_can_be_hidden(opened):
    one(opened, "#oracles").click()
    assert "oracle" not in names(opened)


def test_ticks_choose_the_curves(opened):
    assert drawn(opened) == ["beta", "epsilon", "gamma", "alpha", "delta", "oracle"]
    for name in ("gamma", "delta", "oracle"):
        tick(opened, name)
    assert drawn(opened) == ["beta", "epsilon", "alpha"]
    for plot in find(opened, "#snr figure"):
        assert [g.get_attribute("data-model") for g in plot.find_elements("css selector", "g")] == [
            "beta",
            "epsilon",
            "alpha",
        ]
    assert [cell.text for cell in find(opened, "#heat tbody td.name")] == ["beta", "epsilon", "alpha"]
    assert "for the 3 pairs shown" in one(opened, "#pairs-note").text
    tick(opened, "delta")
    assert drawn(opened) == ["beta", "epsilon", "alpha", "delta"]
    one(opened, "#best").click()
    assert len(drawn(opened)) == 6


def test_babble_and_non_babble_stand_side_by_side_on_one_scale(opened):
    figures = find(opened, "#snr figure")
    assert [item.find_element("css selector", "figcaption").text for item in figures] == [
        "babble",
        "non-babble",
    ]
    assert figures[0].rect["y"] == figures[1].rect["y"]
    scales = [
        [t.text for t in item.find_elements("css selector", "text[text-anchor=end]")] for item in figures
    ]
    assert scales[0] == scales[1]


def test_another_measure_and_another_corpus(opened):
    pick(opened, "#measure", "SISDR")
    assert "beta" in names(opened)
    assert "oracle" not in names(opened)
    assert "11.2 [" in one(opened, "#table tbody tr:first-child").text
    pick(opened, "#recipe", "zoo: Toy")
    assert names(opened) == ["other", "plain"]


def test_a_corpus_without_recordings_says_where_there_are_some(opened):
    assert not one(opened, "#items-elsewhere").is_displayed()
    pick(opened, "#recipe", "zoo: Toy")
    assert one(opened, "#items-title").is_displayed()
    told = "There is nothing to listen to from zoo; there is from toy (choose it under Corpus)."
    assert one(opened, "#items-elsewhere").text == told
    assert not one(opened, "#players").is_displayed()
    pick(opened, "#recipe", "toy: Toy")
    assert not one(opened, "#items-elsewhere").is_displayed()
    assert one(opened, "#players").is_displayed()


def test_the_map_by_phone_class_where_there_are_scores_by_it(opened):
    assert not one(opened, "#heat-by").is_displayed()
    pick(opened, "#recipe", "zoo: Toy")
    pick(opened, "#heat-by", "phone class")
    assert one(opened, "#heat-title").text == "PPMC by phone class"
    assert one(opened, "#heat-note").is_displayed()
    rows = [item.text for item in find(opened, "#heat tr")]
    assert rows[0].split() == ["model", "vowel", "no", "unit", "plosive", "no", "unit"]
    assert rows[1:] == ["other 0.410 0.260", "plain – –"]
    pick(opened, "#heat-column", "clean")
    assert find(opened, "#heat tbody tr")[0].text == "other 0.460 0.310"
    pick(opened, "#recipe", "toy: Toy")
    assert one(opened, "#heat-title").text == "PPMC by parameter"
    assert not one(opened, "#heat-note").is_displayed()


def test_every_condition_on_demand(opened):
    before = len(find(opened, "#table th"))
    one(opened, "#wide").click()
    assert len(find(opened, "#table th")) == before + 4
    heading(opened, "babble -5").click()
    assert names(opened)[0] == "oracle"


def test_a_link_leads_to_what_was_shown(opened):
    pick(opened, "#measure", "SISDR")
    pick(opened, "#baseline", "alpha")
    for name in ("gamma", "delta"):
        tick(opened, name)
    address, shown = opened.current_url, drawn(opened)
    opened.get("about:blank")
    opened.get(address)
    assert one(opened, "#measure option:checked").text == "SISDR"
    assert one(opened, "#baseline option:checked").text == "alpha"
    assert drawn(opened) == shown
    opened.get("about:blank")
    opened.get(f"{address.partition('#')[0]}#corpus=gone&measure=Magic&models=nobody")
    assert len(drawn(opened)) == 6


def test_gain_over_a_baseline(opened):
    pick(opened, "#baseline", "alpha")
    place = [item.text.split() for item in find(opened, "#table th")].index(["gain", "%"])
    cells = {
        row.get_attribute("data-model"): row.find_elements("css selector", "td")[place].text
        for row in find(opened, "#table tbody tr")
    }
    assert cells["beta"] == "+115.4"
    assert cells["delta"] == "-38.5"
    assert cells["alpha"] == "–"


def test_something_to_hear_and_to_see(opened):
    captions = [item.text for item in find(opened, "#players figcaption")]
    assert captions == ["clean", "noisy", "enhanced: beta"]
    assert all(item.get_attribute("src").startswith("data:audio/") for item in find(opened, "#players audio"))
    assert len(find(opened, "#trajectories path.truth")) == 2
    assert len(find(opened, "#trajectories path[data-model=beta]")) == 2
    # A lost frame breaks the line.
    assert find(opened, "#trajectories path.truth")[1].get_attribute("d").count("M") == 2
    pick(opened, "#mixture", "white, 0 dB")
    assert one(opened, "#estimates-of").text == ""
    tick(opened, "beta")
    assert find(opened, "#trajectories path[data-model=beta]") == []
    assert one(opened, "#estimates-of").text.endswith("there are estimates of beta.")


def test_sounds_can_be_played(opened):
    opened.set_script_timeout(20)
    durations = opened.execute_async_script(
        "const done = arguments[0];"
        "Promise.all([...document.querySelectorAll('#players audio')].map((audio) => new Promise((resolve) "
        "=> {  audio.addEventListener('loadedmetadata', () => resolve(audio.duration));  "
        "audio.addEventListener('error', () => resolve(audio.error.message));  audio.preload = 'metadata'; "
        "audio.load();}))).then(done);"
    )
    assert durations == [pytest.approx(1.0, abs=0.2)] * 3


def test_what_was_kept_out_is_named(opened):
    assert "toy/old: PPMC: version 7, this package has version 1" in one(opened, "#kept").text


def test_light_and_dark(opened):
    def colours():
        return opened.execute_script(
            "const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]"
        )

    first = colours()
    one(opened, "#theme").click()
    assert colours() == [c for c in colours() if c not in first]
    one(opened, "#theme").click()
    assert colours() == first


def emulated(browser, media="", scheme="light", width=None):
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    if width:
        metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


@pytest.fixture
def emulation(opened):
    yield opened
    emulated(opened)
    with contextlib.suppress(KeyError):
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_it_follows_the_scheme_of_the_system(emulation):
    emulated(emulation, scheme="dark")
    assert (
        emulation.execute_script("return getComputedStyle(document.body).backgroundColor")
        == "rgb(21, 24, 28)"
    )


def test_a_phone_need_not_scroll_sideways(emulation):
    emulated(emulation, width=390)
    assert emulation.execute_script("return document.documentElement.scrollWidth") <= 390
    tick(emulation, "gamma")
    assert "gamma" not in drawn(emulation)


@pytest.mark.parametrize("width", [390, 1400])
def test_fingers_find_what_they_aim_at_and_the_first_number_is_in_sight(emulation, width):
    emulated(emulation, width=width)
    small = emulation.execute_script(
        "return [...document.querySelectorAll('button, select, input, a, summary, audio')]"
        ".filter((item) => item.offsetParent && !item.classList.contains('skip'))"
        ".filter((item) => { const box = item.getBoundingClientRect();"
        " return box.width < 24 || box.height < 24; }).map((item) => item.outerHTML)"
    )
    assert small == []
    for table, column in (("#table", 4), ("#pairs", 2)):
        edge = emulation.execute_script(
            f"return document.querySelector('{table} tbody tr td:nth-child({column})').firstChild && (() => "
            "{ const range = document.createRange(); range.selectNodeContents("
            f"document.querySelector('{table} tbody tr td:nth-child({column})'));"
            " return range.getBoundingClientRect().right; })()"
        )
        assert edge <= width


def test_six_models_two_by_two_fit_into_1400_pixels(emulation):
    emulated(emulation, width=1400)
    assert len(drawn(emulation)) == 6
    over = emulation.execute_script(
        "const box = document.querySelector('#pairs').parentElement; return box.scrollWidth - box.clientWidth"
    )
    assert over <= 0


def test_print_shows_whole_tables_on_white_without_controls(emulation):
    emulated(emulation, media="print", scheme="dark", width=800)
    assert (
        emulation.execute_script("return getComputedStyle(document.body).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    assert not one(emulation, "#filter").is_displayed()
    assert (
        emulation.execute_script("return getComputedStyle(document.querySelector('.scroll')).maxHeight")
        == "none"
    )


def test_no_request_leaves_the_page(opened):
    assert not [
        entry
        for entry in opened.get_log("performance")
        if re.search(r'"url":"(https?|wss?):', entry["message"])
    ]


def test_everything_that_can_be_used_has_a_name(opened):
    nameless = opened.execute_script(
        "return [...document.querySelectorAll('button, input, select, audio')].filter((e) => "
        "!(e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim())).map((e) => e.outerHTML)"
    )
    assert nameless == []


def test_without_recordings_there_is_nothing_about_them(browser, tmp_path):
    write_result(tmp_path / "results", result("a", 0.3))
    browser.get(written(tmp_path, tmp_path / "results").as_uri())
    assert not one(browser, "#items-section").is_displayed()


def test_only_models_with_a_curve_are_drawn_at_first(browser, tmp_path):
    write_result(tmp_path / "results", result("a", 0.3))
    scores = [row for row in result("part", 0.9, hears="clean").scores if row["noise_kind"] == "clean"]
    write_result(tmp_path / "results", Result(card("part", scores, hears="clean"), scores))
    browser.get(written(tmp_path, tmp_path / "results").as_uri())
    assert set(names(browser)) == {"a", "part"}
    assert drawn(browser) == ["a"]


def one_speaker(root):
    write_result(root, result("a", 0.3, speakers=1))
    write_result(root, result("b", 0.4, speakers=1))


def clean_only(root):
    scores = [row for row in result("a", 0.3).scores if row["noise_kind"] == "clean"]
    write_result(root, Result(card("a", scores), scores))


def incomplete(root):
    write_result(root, result("a", 0.3))
    scores = [row for row in result("part", 0.9).scores if row["snr_db"] != 5.0]
    write_result(root, Result(card("part", scores), scores))


def oracle_alone(root):
    write_result(root, result("oracle", 0.9, hears="clean"))


def own_unit_alone(root):
    write_result(root, result("a", 3.0, measure="RMSE"))


@pytest.mark.parametrize("board", [one_speaker, clean_only, incomplete, oracle_alone, own_unit_alone])
def test_odd_boards_open_too(browser, tmp_path, board):
    board(tmp_path / "results")
    path = written(tmp_path, tmp_path / "results")
    browser.get_log("browser")
    browser.get(path.as_uri())
    assert browser.execute_script("return document.documentElement.dataset.ready") == "true"
    assert "NaN" not in one(browser, "main").get_attribute("innerHTML")
    one(browser, "#wide").click()
    one(browser, "#best").click()
    assert names(browser)
    assert browser.get_log("browser") == []


def test_fifty_models_open_in_two_seconds(browser, tmp_path):
    many(tmp_path / "results", speakers=2, utterances=2)
    path = written(tmp_path, tmp_path / "results")
    browser.get_log("browser")
    start = time.monotonic()
    browser.get(path.as_uri())
    wall = time.monotonic() - start
    ready, loaded = browser.execute_script(
        "const n = performance.getEntriesByType('navigation')[0]; return "
        "[document.documentElement.dataset.ready, n.loadEventEnd]"
    )
    assert ready == "true"
    assert len(names(browser)) == 50
    print(f"50 models: loaded after {loaded:.0f} ms")
    assert loaded < 2000, f"{loaded:.0f} ms by the browser's clock, {wall:.2f} s by ours"
    one(browser, "#wide").click()
    assert len(find(browser, "#table tbody tr:first-child td")) == 3 + 17 + 4
    pick(browser, "#measure", "RMSE")
    heads = [" ".join(item.text.split()) for item in find(browser, "#table th")]
    assert heads == [
        "draw",
        "rank",
        "model",
        "LA mm",
        "LP mm",
        "TBCL mm",
        "TBCD mm",
        "TTCL mm",
        "TTCD mm",
        "notes",
        "speed × real time",
        "parameters number",
        "failed scores",
    ]
    assert browser.get_log("browser") == []
