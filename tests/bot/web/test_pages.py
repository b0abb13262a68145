"""The page's addresses as browsers, chat programs and search engines see them."""

import re

import pytest

from bot.web.locale import choose_language
from tests.bot.conftest import PUBLIC_URL, Channel

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def tags_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'<meta property="([^"]+)" content="([^"]*)">', page))


async def test_a_song_has_a_page_with_its_title_picture_and_film(channel: Channel) -> None:
    song = await channel.song(seed=42, seconds=20, bpm=150, key="Cm")
    async with channel.http.get(f"{channel.url}/song/{song['id']}") as response:
        page = await response.text()
        assert (response.status, response.content_type) == (200, "text/html")
    assert "<title>Tune 42 · Chiptune Bot</title>" in page
    tags = tags_of(page)
    base = PUBLIC_URL
    assert (tags["og:title"], tags["og:url"]) == ("Tune 42", f"{base}/song/{song['id']}")
    assert "20 seconds of NES music at 150 BPM in Cm" in tags["og:description"]
    assert (tags["og:image"], tags["og:image:type"]) == (base + song["picture"], "image/png")
    assert (tags["og:image:width"], tags["og:image:height"]) == ("1200", "630")
    for name in ("og:image", "og:video", "og:audio"):
        async with channel.http.get(tags[name].replace(base, channel.url)) as response:
            assert (response.status, response.content_type) == (200, tags[f"{name}:type"])


@pytest.mark.parametrize("public_url", [None])
async def test_without_a_public_address_links_name_the_server_itself(channel: Channel) -> None:
    song = await channel.song(seed=42)
    async with channel.http.get(f"{channel.url}/song/{song['id']}") as response:
        assert tags_of(await response.text())["og:url"] == f"{channel.url}/song/{song['id']}"


async def test_a_title_cannot_leave_its_tag(channel: Channel) -> None:
    song = await channel.song(seed=42)
    await channel.store.database.change("UPDATE songs SET title = :title", title='</title><script>"&')
    async with channel.http.get(f"{channel.url}/song/{song['id']}") as response:
        page = await response.text()
    assert '<script>"' not in page
    assert tags_of(page)["og:title"] == "&lt;/title&gt;&lt;script&gt;&quot;&amp;"


@pytest.mark.parametrize("path", ["/nowhere", "/song/" + "0" * 32, "/files/" + "0" * 32 + "/tune.ogg", "/song/1"])
async def test_an_unknown_address_is_a_page_to_a_browser_and_json_to_a_program(channel: Channel, path: str) -> None:
    async with channel.http.get(channel.url + path, headers={**BROWSER, "Accept-Language": "de"}) as response:
        page = await response.text()
        assert (response.status, response.content_type) == (404, "text/html")
        assert '<html lang="de">' in page
        assert '<a href="/">' in page
        assert "Content-Security-Policy" in response.headers
    assert (await channel.get(path))[1] == {"error": "There is nothing at this address."}


async def test_the_api_answers_a_browser_with_json(channel: Channel) -> None:
    status, answer = await channel.get(f"/api/songs/{'0' * 32}", headers=BROWSER)
    assert (status, set(answer)) == (404, {"error"})


@pytest.mark.parametrize(
    ("accepted", "chosen", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", None, "de"),
        ("pt-PT", None, "pt_BR"),
        ("pt-BR", "ja", "ja"),
        ("fr;q=0.1, es;q=0.7", None, "es"),
        ("fr;q=0, xx, *", None, "en"),
        ("fr;q=much", "../../etc", "en"),
        ("", None, "en"),
    ],
)
def test_the_language_is_what_was_chosen_or_what_the_browser_prefers(
    accepted: str, chosen: str | None, language: str
) -> None:
    assert choose_language(accepted, chosen) == language


async def test_errors_are_in_the_language_of_the_browser(channel: Channel) -> None:
    state = await channel.until_over(await channel.ask(seed=13))
    german = (await channel.get(f"/api/requests/{state['id']}", headers={"Accept-Language": "de"}))[1]
    assert state["error"] != german["error"]
    assert "200" in german["error"]
