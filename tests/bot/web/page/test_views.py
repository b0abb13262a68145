"""The page's views as people use them, in Chromium, at the size of a phone and of a laptop."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.bot.conftest import MIDI
from tests.bot.web.page.conftest import Bot
from tests.conftest import ROOT
from tests.fake_generator import HELD

AXE = (ROOT / "bot/web/frontend/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
SONG_ADDRESS = re.compile(r"/song/[0-9a-f]{32}$")
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def compose(page: Page, **options: object) -> None:
    """Compose a tune on the page's first view, and wait for its own page."""
    page.goto("/")
    if options:
        page.get_by_text("More", exact=True).click()
        for label, value in options.items():
            field = page.get_by_label(label)
            field.select_option(str(value)) if label in ("Key", "Scene") else field.fill(str(value))
    page.get_by_role("button", name="Compose", exact=True).click()
    page.wait_for_url(SONG_ADDRESS)
    expect(page.locator("h1.title")).to_be_visible()


def findings(page: Page) -> list[str]:
    """What axe finds wrong with a page."""
    page.evaluate(AXE)
    result = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [f"{each['id']}: {[node['html'][:120] for node in each['nodes']][:3]}" for each in result["violations"]]


def test_a_tune_is_composed_plays_by_itself_and_back_and_reload_work(page: Page) -> None:
    page.add_init_script(SHIFTS)
    compose(page, Seed=4242, Key="Am")
    expect(page.locator("h1.title")).to_have_text("Tune 4242")
    expect(page.locator("h1.title")).to_be_focused()
    page.wait_for_function("() => document.querySelector('chiptune-player').playing")
    address = page.url
    page.reload()
    expect(page.locator("h1.title")).to_have_text("Tune 4242")
    page.go_back()
    expect(page.get_by_role("button", name="Compose", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Recent tunes")).to_be_visible()
    page.locator(".songs").get_by_role("link", name="Tune 4242").first.click()
    expect(page).to_have_url(address)
    assert page.evaluate("shifted") <= 0.1


def test_every_view_is_accessible_and_fits(page: Page, bot: Bot) -> None:
    compose(page, Seed=777)
    page.get_by_role("button", name="Vote up").click()
    for address in ("/", page.url, "/charts", "/battle", "/contest", "/taste", "/play"):
        page.goto(address)
        expect(page.locator("main h1, main h2").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert findings(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_progress_is_in_sight_moves_and_can_be_cancelled(page: Page) -> None:
    page.goto("/")
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Seed").fill(str(HELD))
    page.get_by_role("button", name="Compose", exact=True).click()
    bar = page.get_by_role("progressbar", name="Progress")
    expect(bar).to_be_in_viewport()
    page.mouse.wheel(0, 2000)
    expect(bar).to_be_in_viewport()
    expect(page.get_by_role("status").filter(has_text="Composing…")).to_be_visible()
    page.wait_for_function("() => /^[0-9]+ % Composing/.test(document.title)")
    before = float(bar.evaluate("bar => bar.value"))
    page.wait_for_function("before => document.querySelector('.job progress').value > before", arg=before)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("cancelled")
    expect(page.get_by_role("button", name="Compose", exact=True)).to_be_focused()
    assert "%" not in page.title()


def test_a_file_dropped_on_the_page_is_remixed_without_the_options_of_composing(laptop: Page) -> None:
    laptop.goto("/")
    laptop.get_by_text("More", exact=True).click()
    laptop.get_by_label("Tempo (BPM)").fill("90")
    expect(laptop.locator(".chips")).to_contain_text("Tempo: 90 BPM")
    laptop.evaluate(
        """bytes => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "song.mid", { type: "audio/midi" }));
            window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        list(MIDI),
    )
    expect(laptop.get_by_role("heading", name="Remix song.mid")).to_be_visible()
    expect(laptop.locator(".chips")).not_to_contain_text("90")
    with laptop.expect_request("**/api/requests") as sent:
        laptop.get_by_role("button", name="Remix", exact=True).click()
    assert b'"bpm"' not in (sent.value.post_data_buffer or b"")
    laptop.wait_for_url(SONG_ADDRESS)
    expect(laptop.get_by_text("4 of 9 parts were kept.")).to_be_visible()
    expect(laptop.get_by_role("button", name="Another take")).to_have_count(0)  # it would come out the same


def test_options_that_cannot_be_are_marked_and_receive_the_focus(laptop: Page) -> None:
    laptop.goto("/")
    laptop.get_by_text("More", exact=True).click()
    length = laptop.get_by_label("Length (seconds)")
    length.fill("9999")
    laptop.get_by_role("button", name="Compose", exact=True).click()
    expect(length).to_be_focused()
    expect(length).to_have_attribute("aria-invalid", "true")
    expect(length).to_have_accessible_description("From 2 to 180.")
    length.fill("20")
    laptop.get_by_role("button", name="Compose", exact=True).click()
    laptop.wait_for_url(SONG_ADDRESS)


def test_an_error_is_said_and_the_focus_stays(laptop: Page) -> None:
    laptop.goto("/")
    laptop.get_by_text("More", exact=True).click()
    laptop.get_by_label("Seed").fill("3")
    laptop.get_by_role("button", name="Compose", exact=True).click()
    expect(laptop.get_by_role("alert")).to_have_text("The MIDI file is damaged: a track ends too early.")
    expect(laptop.get_by_role("button", name="Compose", exact=True)).to_be_focused()


def test_what_came_otherwise_than_asked_can_be_asked_again_with_one_press(laptop: Page) -> None:
    compose(laptop, Seed=5151)
    identity = laptop.url.rsplit("/", 1)[1]
    laptop.route(
        f"**/api/songs/{identity}",
        lambda route: route.fulfill(
            json={
                **route.fetch().json(),
                "asked": [{"name": "key", "asked": "Am", "got": "D", "same": False}],
            }
        ),
    )
    laptop.reload()
    expect(laptop.get_by_role("row", name="Key")).to_contain_text("A minor")
    expect(laptop.get_by_role("row", name="Key")).to_contain_text("D major")
    laptop.get_by_role("button", name="Try again").click()
    laptop.wait_for_url(lambda url: SONG_ADDRESS.search(url) is not None and identity not in url)
    expect(laptop.get_by_role("row", name="Key")).to_contain_text("A minor")


def test_a_take_is_heard_and_chosen(laptop: Page) -> None:
    compose(laptop, Takes=3, Seed=99)
    expect(laptop.get_by_role("heading", name="Takes")).to_be_visible()
    first = laptop.url
    laptop.get_by_role("button", name="Hear take 2").click()
    laptop.wait_for_function("() => document.querySelector('chiptune-player').playing")
    laptop.get_by_role("button", name="Choose take 2").click()
    laptop.wait_for_url(lambda url: SONG_ADDRESS.search(url) is not None and url != first)
    expect(laptop.locator("h1.title")).to_have_text("Take 2 of Tune 99")
    expect(laptop.locator(".family")).to_contain_text("Tune 99")


def test_votes_are_cast_and_taken_back(laptop: Page) -> None:
    compose(laptop)
    up, votes = laptop.get_by_role("button", name="Vote up"), laptop.get_by_label("Votes", exact=True)
    up.click()
    expect(votes).to_have_text("+1")
    expect(up).to_have_attribute("aria-pressed", "true")
    up.click()
    expect(votes).to_have_text("0")


def test_every_format_is_made_and_downloaded(laptop: Page, bot: Bot) -> None:
    bot.gate.touch()
    compose(laptop, Seed=31)
    laptop.locator("summary", has_text="Download").click()
    forms = [form["name"] for form in laptop.request.get("/api/exports").json()]
    for title in ("MIDI file", "Sound (OGG)", "Picture", "Film of the piano roll (MP4)"):
        with laptop.expect_download() as download:
            laptop.get_by_role("link", name=title, exact=True).click()
        assert download.value.suggested_filename.startswith("Tune 31.")
    buttons = laptop.locator(".downloads").get_by_role("button")
    titles = [title for title in buttons.all_inner_texts() if "VGM" not in title and "ABC" not in title]
    assert len(titles) == len(forms) - 5  # three are files already; the fake generator refuses one and dies of another
    for title in titles:
        with laptop.expect_download() as download:
            laptop.get_by_role("button", name=title, exact=True).click()
        assert Path(download.value.path()).stat().st_size > 10
    laptop.get_by_role("button", name="Register writes (VGM)").click()
    expect(laptop.get_by_text("The tune has no bars.")).to_be_visible()
    bot.gate.unlink()


def test_a_link_with_the_tune_in_it_plays_in_another_profile_without_the_server_knowing(
    laptop: Page, profile: Callable[..., BrowserContext]
) -> None:
    laptop.context.grant_permissions(["clipboard-read", "clipboard-write"])
    compose(laptop)
    laptop.get_by_role("button", name="Copy link with the tune in it").click()
    expect(laptop.get_by_text("The link is copied.")).to_be_visible()
    link = str(laptop.evaluate("navigator.clipboard.readText()"))
    other = profile("phone").new_page()
    asked: list[str] = []
    other.on("request", lambda request: asked.append(request.url))
    other.goto(link)
    expect(other.get_by_text("This tune came whole in the link")).to_be_visible()
    other.evaluate("document.querySelector('chiptune-player').play()")
    other.wait_for_function("() => document.querySelector('chiptune-player').playing")
    assert not [url for url in asked if "/api/songs/" in url or "/files/" in url]
    other.goto(link[: len(link) // 2])
    other.reload()
    expect(other.get_by_text("This link holds no tune")).to_be_visible()


def test_a_server_that_is_restarted_in_the_middle_of_a_job_finishes_it(laptop: Page, bot: Bot) -> None:
    laptop.goto("/")
    laptop.get_by_text("More", exact=True).click()
    laptop.get_by_label("Seed").fill(str(HELD))
    laptop.get_by_role("button", name="Compose", exact=True).click()
    expect(laptop.get_by_role("status").filter(has_text="Composing…")).to_be_visible()
    bot.stop()
    expect(laptop.get_by_role("status").filter(has_text="cannot be reached")).to_be_visible()
    bot.start()
    expect(laptop.get_by_role("status").filter(has_text="Composing…")).to_be_visible()
    laptop.reload()  # a reload goes on with it too
    expect(laptop.get_by_role("status").filter(has_text="Composing…")).to_be_visible()
    bot.gate.touch()
    laptop.wait_for_url(SONG_ADDRESS)
    bot.gate.unlink()


def test_the_keyboard_alone_is_enough(laptop: Page) -> None:
    laptop.goto("/")
    compose_button = laptop.get_by_role("button", name="Compose", exact=True)
    for _ in range(12):
        laptop.keyboard.press("Tab")
        if compose_button.evaluate("button => button === document.activeElement"):
            break
    laptop.keyboard.press("Enter")
    laptop.wait_for_url(SONG_ADDRESS)
    up = laptop.get_by_role("button", name="Vote up")
    expect(up).to_be_visible()
    for _ in range(60):
        laptop.keyboard.press("Tab")
        if up.evaluate("button => button === document.activeElement"):
            break
    laptop.keyboard.press("Enter")
    expect(laptop.get_by_label("Votes", exact=True)).to_have_text("+1")


def test_a_battle_is_judged_and_only_one_of_its_tunes_sounds(
    profile: Callable[..., BrowserContext], laptop: Page
) -> None:
    for _ in range(2):
        compose(laptop)
    judge = profile("laptop").new_page()
    judge.goto("/")
    judge.goto("/battle")
    players = judge.locator("chiptune-player")
    expect(players).to_have_count(2)
    judge.wait_for_load_state("networkidle")
    for index in (0, 1):
        players.nth(index).evaluate("player => player.play()")
        judge.wait_for_function("index => document.querySelectorAll('chiptune-player')[index].playing", arg=index)
    assert players.nth(0).evaluate("player => player.playing") is False
    judge.get_by_role("button", name="A", exact=True).click()
    expect(judge.get_by_text("Thank you.")).to_be_visible()
    expect(judge.get_by_role("button", name="Another pair")).to_be_focused()
    expect(judge.locator("h2 a").first).to_contain_text("Tune")


def test_what_can_be_pressed_is_large_enough_to_touch(profile: Callable[..., BrowserContext]) -> None:
    page = profile("phone").new_page()
    compose(page)
    page.locator("summary", has_text="Download").click()
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, a.button, select, nav a, summary")]
            .map((each) => [each.textContent.trim().slice(0, 30), each.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.height < 36 || box.width < 36))
            .map(([text, box]) => `${text} ${Math.round(box.width)}x${Math.round(box.height)}`)"""
    )
    assert small == []


def test_no_text_is_cut_off(page: Page) -> None:
    page.goto("/")
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Sound", exact=True).select_option("apu")
    assert page.get_by_label("Sound", exact=True).evaluate("field => field.scrollWidth <= field.clientWidth")
    expect(page.locator(".chips")).to_contain_text("the sound chip itself, imitated")


def test_one_length_is_shown_everywhere(laptop: Page) -> None:
    compose(laptop)
    length = laptop.locator("h1.title").locator("xpath=..").locator(".recipe").inner_text()
    assert "0:30" in length
    identity = laptop.url.rsplit("/", 1)[1]
    assert laptop.request.get(f"/api/songs/{identity}").json()["seconds"] == 30


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_colour_schemes_have_enough_contrast(laptop: Page, scheme: str) -> None:
    laptop.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    compose(laptop)
    assert findings(laptop) == []


def test_a_person_deletes_their_own_tune(laptop: Page) -> None:
    compose(laptop, Seed=6000)
    laptop.on("dialog", lambda dialog: dialog.accept())
    laptop.get_by_role("button", name="Delete").click()
    expect(laptop.get_by_role("button", name="Compose", exact=True)).to_be_visible()
    expect(laptop.locator(".songs")).not_to_contain_text("Tune 6000")


def test_what_was_opened_plays_without_a_network(profile: Callable[..., BrowserContext]) -> None:
    context = profile("laptop", workers=True)
    page = context.new_page()
    page.goto("/")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    compose(page, Seed=8080)
    address = page.url
    page.wait_for_function(
        "async path => Boolean(await caches.match(path))", arg=f"/files/{address.rsplit('/', 1)[1]}/tune.ogg"
    )
    context.set_offline(True)
    page.goto(address)
    expect(page.locator("h1.title")).to_have_text("Tune 8080")
    page.evaluate("document.querySelector('chiptune-player').play()")
    page.wait_for_function("() => document.querySelector('chiptune-player').playing")
    context.set_offline(False)


def test_the_page_speaks_the_language_that_was_chosen(laptop: Page) -> None:
    laptop.goto("/")
    laptop.get_by_label("Language").select_option("de")
    expect(laptop.locator("html")).to_have_attribute("lang", "de")
    laptop.reload()
    expect(laptop.locator("html")).to_have_attribute("lang", "de")
    expect(laptop.locator("footer select")).to_have_value("de")
