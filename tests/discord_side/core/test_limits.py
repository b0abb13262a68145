"""The command tree against Discord's own limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.discord.charts.battle import ChooseButton, NextPairButton
from bot.discord.charts.top import ChartPageButton, OpenButton
from bot.discord.contest.buttons import NominateButton, NominateMenu, VoteMenu
from bot.discord.contest.hall_of_fame import HallOfFameButton, HallOfFamePageButton
from bot.discord.core.command_names import LOCALES, CatalogueTranslator
from bot.discord.moderation.delete import ConfirmDeleteButton, DeleteButton
from bot.discord.moderation.privacy import ConfirmEraseButton, EraseButton, ExportButton
from bot.discord.moderation.report import ReportButton
from bot.discord.moderation.report_actions import SettleReportsButton
from bot.discord.queue.cancel import CancelButton
from bot.discord.registry import BUTTONS, chiptune_group
from bot.discord.tunes.history import OlderButton
from bot.discord.tunes.post_buttons import AnotherTakeButton, ExtendButton, FilesButton, VoteButton
from bot.discord.tunes.remix_form import RemixButton, RewriteMenu
from bot.store import ServerSettings
from generator.protocol.modes import REMIX_MODES
from generator.protocol.names import DENSITIES, SCENES, SOUNDS
from generator.protocol.options import BARS, BPM, SECONDS, SEEDS, TAKES, TEMPERATURE

NAME = re.compile(r"[-_'\w]{1,32}")
Payload = dict[str, Any]


def payload() -> Payload:
    """The command as Discord takes it."""
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    return dict(chiptune_group().to_dict(tree))


async def translated() -> Payload:
    """The same with the names and descriptions of every language."""
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    return dict(await chiptune_group().get_translated_payload(tree, CatalogueTranslator()))


def localized(part: Payload, field: str, locale: str) -> str:
    """A name or a description as Discord shows it to people of a language."""
    return str(part.get(f"{field}_localizations", {}).get(locale, part[field]))


def walk(command: Payload) -> Iterator[Payload]:
    yield command
    for option in command.get("options", []):
        yield from walk(option)


def characters(command: Payload) -> int:
    """What Discord counts towards 8,000: names, descriptions and choices."""
    return sum(
        len(part["name"])
        + len(part.get("description", ""))
        + sum(len(choice["name"]) + len(str(choice["value"])) for choice in part.get("choices", []))
        for part in walk(command)
    )


def test_names_descriptions_options_and_choices_are_within_the_limits() -> None:
    for part in walk(payload()):
        assert NAME.fullmatch(part["name"])
        assert part["name"] == part["name"].lower()
        assert 1 <= len(part["description"]) <= 100, part["name"]
        names = [option["name"] for option in part.get("options", [])]
        assert len(names) == len(set(names)) <= 25
        choices = part.get("choices", [])
        assert len(choices) <= 25
        assert len({choice["name"] for choice in choices}) == len(choices)
        assert all(1 <= len(choice["name"]) <= 100 for choice in choices)
    assert characters(payload()) <= 8000


@pytest.mark.parametrize("locale", [locale.value for locale in LOCALES])
async def test_the_same_holds_in_every_language(locale: str) -> None:
    for part in walk(await translated()):
        assert set(part["name_localizations"]) == set(part["description_localizations"]) == known_locales()
        name, description = localized(part, "name", locale), localized(part, "description", locale)
        assert NAME.fullmatch(name)
        assert name == name.lower()
        assert 1 <= len(description) <= 100, description
        names = [localized(option, "name", locale) for option in part.get("options", [])]
        assert len(names) == len(set(names)), names
        choices = [localized(choice, "name", locale) for choice in part.get("choices", [])]
        assert len(choices) == len(set(choices)), choices
        assert all(1 <= len(choice) <= 100 for choice in choices)


async def test_the_longest_of_all_languages_is_within_the_limit() -> None:
    count = 0
    for part in walk(await translated()):
        count += sum(longest(part, field) for field in ("name", "description"))
        count += sum(longest(choice, "name") + len(str(choice["value"])) for choice in part.get("choices", []))
    assert count <= 8000


def known_locales() -> set[str]:
    return {locale.value for locale in LOCALES}


def longest(part: Payload, field: str) -> int:
    """What Discord counts of a field: the longest of its languages."""
    return max(len(text) for text in (part[field], *(part.get(f"{field}_localizations") or {}).values()))


def test_no_two_commands_have_the_same_name() -> None:
    names = [part["name"] for part in payload()["options"]]
    assert names == [
        "generate", "remix", "history", "song", "replay", "play", "stop", "top", "battle", "contest",
        "taste", "queue", "cancel", "delete", "report", "settings", "privacy", "help",
    ]  # fmt: skip
    assert len(names) == len(set(names)) <= 25


def test_options_have_the_ranges_of_the_table() -> None:
    generate = next(part for part in payload()["options"] if part["name"] == "generate")
    options = {option["name"]: option for option in generate["options"]}
    ranges = {
        "tempo": BPM.limits, "seconds": SECONDS.limits, "bars": BARS.limits, "temperature": TEMPERATURE.limits,
        "takes": TAKES.limits,
        "seed": (0, SEEDS - 1),
    }  # fmt: skip
    for name, limits in ranges.items():
        assert (options[name]["min_value"], options[name]["max_value"]) == limits
    assert [choice["value"] for choice in options["scene"]["choices"]] == list(SCENES)
    assert [choice["value"] for choice in options["density"]["choices"]] == list(DENSITIES)
    assert [choice["value"] for choice in options["sound"]["choices"]] == list(SOUNDS)


def test_remix_has_every_mode_but_a_new_tune_s_and_every_field() -> None:
    remix = next(part for part in payload()["options"] if part["name"] == "remix")
    options = {option["name"]: option for option in remix["options"]}
    assert [choice["value"] for choice in options["mode"]["choices"]] == list(REMIX_MODES)
    fields = set().union(*(mode.fields for mode in REMIX_MODES.values())) - {
        "bpm",
        "seconds",
        "takes",
    }
    assert {*fields, "sound"} <= set(options)
    assert not any(option.get("required") for option in remix["options"])


def test_the_default_of_who_deletes_is_the_one_that_is_told() -> None:
    settings = next(part for part in payload()["options"] if part["name"] == "settings")
    [deletion] = [part for part in settings["options"] if part["name"] == "deletion"]
    [who] = deletion["options"]
    [default] = [choice["name"] for choice in who["choices"] if choice["value"] == ServerSettings().clear]
    assert who["description"].lower() == f"{default} if left out"


def test_it_can_be_installed_and_used_everywhere() -> None:
    assert payload()["integration_types"] == [0, 1]
    assert payload()["contexts"] == [0, 1, 2]


def test_custom_ids_are_short_and_never_confused() -> None:
    song = round_id = "0123456789abcdef" * 2
    of_a_song = (
        AnotherTakeButton,
        ExtendButton,
        RemixButton,
        RewriteMenu,
        FilesButton,
        ReportButton,
        OlderButton,
        CancelButton,
        DeleteButton,
        ConfirmDeleteButton,
        OpenButton,
    )
    of_a_round = (NominateButton, NominateMenu, VoteMenu, HallOfFameButton)
    buttons: list[Any] = [*(kind(song) for kind in of_a_song), VoteButton(song, 1), VoteButton(song, -1)]
    buttons += [
        SettleReportsButton(song, "delete"),
        SettleReportsButton(song, "dismiss"),
        ExportButton(),
        EraseButton(),
        ConfirmEraseButton(),
    ]
    buttons += [
        ChartPageButton("battles", None),
        ChartPageButton("month", 999999),
        ChooseButton("even", song, song[::-1]),
        NextPairButton(),
    ]
    buttons += [*(kind(round_id) for kind in of_a_round), HallOfFamePageButton(999999)]
    assert {type(button) for button in buttons} == set(BUTTONS)
    for button in buttons:
        assert len(button.custom_id) <= 100
        matching = [kind for kind in BUTTONS if _template(kind).fullmatch(button.custom_id)]
        assert matching == [type(button)]


def _template(kind: Any) -> re.Pattern[str]:
    template: re.Pattern[str] = kind.__discord_ui_compiled_template__
    return template
