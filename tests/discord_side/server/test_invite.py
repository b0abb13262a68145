"""The links that add the bot."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from bot.discord.server.invite import PERMISSIONS, permissions
from bot.main import main

TOKEN = "MTQ1NjA3NDQ0Mzk4MDgwMDAwMA.Gabcde.a-secret-that-is-nobody-s"


def test_the_links_hold_the_application_id_and_no_other_part_of_the_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    assert main(["invite"]) == 0
    server, person = capsys.readouterr().out.splitlines()
    query = parse_qs(urlsplit(server.removeprefix("For a server: ")).query)
    assert query["client_id"] == ["1456074443980800000"]
    assert query["scope"] == ["bot applications.commands"]
    assert int(query["permissions"][0]) == permissions().value
    query = parse_qs(urlsplit(person.removeprefix("For yourself: ")).query)
    assert (query["integration_type"], query["scope"]) == (["1"], ["applications.commands"])
    assert "secret" not in server + person


@pytest.mark.parametrize(
    ("token", "sentence"),
    [(None, "Set DISCORD_TOKEN"), ("not-a-token!", "is not a bot token"), ("YWJj.d.e", "is not a bot token")],
)
def test_a_missing_or_wrong_token_is_one_sentence(
    token: str | None,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    if token:
        monkeypatch.setenv("DISCORD_TOKEN", token)
    assert main(["invite"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert sentence in line
    assert (token or "x-x") not in line


def test_no_permission_is_asked_for_that_could_do_harm() -> None:
    assert permissions().value.bit_count() == len(PERMISSIONS)
    dangerous = discord.Permissions(
        administrator=True, manage_messages=True, mention_everyone=True, manage_threads=True
    )
    assert permissions() & dangerous == discord.Permissions.none()
