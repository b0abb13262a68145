"""The links by which the bot is added."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from bot.discord.server.invite import PERMISSIONS, permissions
from bot.main import main

TOKEN = "MTQ1NjA3NDQ0Mzk4MDgwMDAwMA.Gabcde.a-secret-that-is-nobody-s"


def test_it_prints_links_that_hold_the_application_and_nothing_else_of_the_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    assert main(["invite"]) == 0
    server, person = capsys.readouterr().out.splitlines()
    asked = parse_qs(urlsplit(server.removeprefix("For a server: ")).query)
    assert asked["client_id"] == ["1456074443980800000"]
    assert asked["scope"] == ["bot applications.commands"]
    assert int(asked["permissions"][0]) == permissions().value
    asked = parse_qs(urlsplit(person.removeprefix("For yourself: ")).query)
    assert (asked["integration_type"], asked["scope"]) == (["1"], ["applications.commands"])
    assert "secret" not in server + person


@pytest.mark.parametrize(
    ("token", "sentence"),
    [(None, "Set DISCORD_TOKEN"), ("not-a-token!", "is no bot's token"), ("YWJj.d.e", "is no bot's token")],
)
def test_without_a_token_it_says_so(
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
    [said] = capsys.readouterr().err.splitlines()
    assert sentence in said
    assert (token or "x-x") not in said


def test_no_permission_is_asked_for_that_could_do_harm() -> None:
    assert permissions().value.bit_count() == len(PERMISSIONS)
    dangerous = discord.Permissions(
        administrator=True, manage_messages=True, mention_everyone=True, manage_threads=True
    )
    assert permissions() & dangerous == discord.Permissions.none()
