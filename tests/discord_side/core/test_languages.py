"""Who hears which language, and that answers are in it to the last word."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import discord
import pytest
import simcord.interactions
from babel.messages.catalog import Catalog

from bot import messages
from bot.discord.charts.battle import ChooseButton, NextPairButton
from bot.discord.charts.top import LABELS, ChartPageButton
from bot.discord.contest.buttons import NominateButton, NominateMenu, VoteMenu
from bot.discord.contest.hall_of_fame import HallOfFameButton, HallOfFamePageButton
from bot.discord.core.command_names import LOCALES
from bot.discord.core.permissions import ONLY_MANAGERS
from bot.discord.moderation.delete import ConfirmDeleteButton, DeleteButton
from bot.discord.moderation.privacy import CONFIRM, PAGE, ConfirmEraseButton, EraseButton, ExportButton
from bot.discord.moderation.report import ReportButton, ReportForm
from bot.discord.moderation.report_actions import SettleReportsButton
from bot.discord.queue.cancel import CancelButton
from bot.discord.server import help as help_page
from bot.discord.tunes.history import OlderButton
from bot.discord.tunes.post_buttons import AnotherTakeButton, ExtendButton, FilesButton, VoteButton
from bot.discord.tunes.remix_form import RemixButton, RemixForm, RewriteMenu
from bot.languages import LANGUAGES, NATIVE, say, using_language
from bot.store.contest.schedule import DAY
from bot.votes.taste_descriptions import PROBABLE, WORDS
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, joined, ngettext
from generator.protocol.results import Failure, Job, Progress, Result
from generator.protocol.uploads import UPLOAD_LIMITS
from tests.discord_side.charts.test_taste import vote_for_drums
from tests.discord_side.conftest import Composer, Stage
from tests.discord_side.reading import custom_id, gallery, text, walk

REPORT = joined(
    " ",
    ngettext("Kept {kept:,} of {n:,} note: {told}.", "Kept {kept:,} of {n:,} notes: {told}.").counted(
        1234, kept=1200, told=_("the melody from {part}").format(part=_("part {number}").format(number=2))
    ),
    _("Written on from bar {bar}.").format(bar=9),
)


@pytest.fixture
def locales(monkeypatch: pytest.MonkeyPatch) -> dict[Any, str]:
    """The locale of each user's Discord, and under "server" that of the server: SimCord has English alone."""
    spoken: dict[Any, str] = {}
    original = simcord.interactions.base_payload

    def base_payload(backend: Any, **about: Any) -> Any:
        record, payload = original(backend, **about)
        payload["locale"] = spoken.get(about["user_id"], "en-US")
        if "guild_locale" in payload:
            payload["guild_locale"] = spoken.get("server", "en-US")
        return record, payload

    monkeypatch.setattr(simcord.interactions, "base_payload", base_payload)
    return spoken


def labels(message: discord.Message) -> list[str]:
    """What a message's buttons say."""
    return [str(part.label) for part in walk(message.components) if isinstance(part, discord.Button)]


class Remixer(Composer):
    """Reports on remixes, and refuses some, as the generator does."""

    async def run(self, job: Job, on_progress: Callable[[Progress], None]) -> Result | Failure:
        done = await super().run(job, on_progress)
        if job.request.seed == 4:
            try:
                UPLOAD_LIMITS["events"].check(250_000)
            except InputError as error:
                return Failure(id=job.id, sentence=error.sentence)
        return done


@pytest.fixture
def composer() -> Remixer:
    return Remixer()


async def test_a_person_is_answered_in_their_language(stage: Stage, locales: dict[Any, str]) -> None:
    locales |= {stage.alice.id: "de", stage.bob.id: "sv-SE"}
    refused = await stage.alice.slash(stage.channel, "chiptune settings show")
    assert refused.response.content.startswith("Nur wer diesen Server verwalten darf")
    refused = await stage.bob.slash(stage.channel, "chiptune settings show")
    assert refused.response.content == ONLY_MANAGERS
    help_ = await stage.alice.slash(stage.channel, "chiptune help")
    assert "**/chiptune komponieren** · ein neues Stück" in text(help_.response.message)
    stage.refused()


async def test_a_channel_hears_the_server_s_language_and_a_person_their_own(
    stage: Stage, locales: dict[Any, str]
) -> None:
    locales |= {"server": "fr", stage.alice.id: "de", stage.bob.id: "ja"}
    post, song = await stage.made()
    assert "**119,5 BPM · C · 30 s, 16 mesures · densité moyenne**" in text(post)
    assert "-# Demandé : ville".replace(" :", "\N{NO-BREAK SPACE}:") in text(post)
    assert "Une autre prise" in labels(post)
    described = gallery(post)[0].description
    assert described
    assert described.endswith("les quatre canaux au fil du temps")
    seen = await stage.bob.click(post, custom_id=custom_id(post, "Fichiers"))
    assert seen.response.content.endswith("のファイル")
    await stage.bob.click(post, custom_id=f"chiptune:vote:up:{song.id}")
    [voted] = await stage.posted()
    assert "J’aime (+1)" in labels(voted)
    shown = await stage.alice.slash(stage.channel, "chiptune song", song=song.id)
    assert "Dichte mittel" in text(shown.response.message)
    again = await stage.alice.slash(stage.channel, "chiptune replay", song=song.id)
    assert "densité moyenne" in text(again.response.message)
    await stage.alice.click(shown.response.message, custom_id=f"chiptune:vote:up:{song.id}")
    assert "Gefällt mir (+2)" in labels(shown.response.message)
    assert "densité moyenne" in text((await stage.posted(2))[0])


async def test_a_contest_is_announced_in_the_server_s_language_and_shown_in_one_s_own(
    stage: Stage, locales: dict[Any, str]
) -> None:
    manager = stage.staff("carol", manage_guild=True)
    await manager.slash(stage.channel, "chiptune settings language", language="fr")
    locales |= {stage.bob.id: "ja", manager.id: "de"}
    _post, song = await stage.made()
    started = await manager.slash(stage.channel, "chiptune contest start")
    assert started.response.content.startswith("Runde 1 des Wettbewerbs ist offen")
    await stage.client.contests.announce()
    [opening] = [message for message in stage.channel.history() if "Concours" in text(message)]
    assert text(opening).startswith("## Concours, manche 1\nPropose jusqu’à 2 morceaux d’ici")
    assert "Ensuite, il y a 2 jours pour voter." in text(opening)
    assert labels(opening) == ["Proposer…"]
    asked = await stage.bob.click(opening, label="Proposer…")
    assert asked.response.content.endswith("`/chiptune コンテスト ノミネート`で。")
    shown = await stage.bob.slash(stage.channel, "chiptune contest show")
    assert text(shown.response.message).startswith("## コンテスト 第1ラウンド")
    nominated = await stage.bob.slash(stage.channel, "chiptune contest nominate", song=song.id)
    assert nominated.response.content.endswith("をノミネートしました。")
    for days, said in ((5, "Concours, manche 1\N{NO-BREAK SPACE}: le vote"), (2, "sans gagnant")):
        stage.calendar.time += days * DAY
        await stage.store.rounds.pass_due(stage.calendar.now())
        await stage.client.contests.announce()
        assert any(said in text(message) for message in stage.channel.history())


async def test_a_taste_is_told_as_each_language_lists(stage: Stage, locales: dict[Any, str]) -> None:
    locales[stage.bob.id] = "de"
    await vote_for_drums(stage, 10)
    shown = await stage.bob.slash(stage.channel, "chiptune taste")
    said = text(shown.response.message)
    assert "Hier mag man mehr Schlagzeug." in said
    assert "60 Stimmen von 10 Personen für 6 Stücke" in said
    both = PROBABLE.format(what=(WORDS["drums"].more, WORDS["minor"].more, WORDS["tempo"].less))
    for name, listed in {
        "de": "mehr Schlagzeug, Molltonarten und langsamere Stücke.",
        "ja": "多めのドラム、マイナーキー、遅めの曲。",
        "pt_BR": "mais bateria, tons menores e músicas mais lentas.",
    }.items():
        with using_language(name):
            assert say(both).endswith(listed)


async def test_the_server_can_set_another_language(stage: Stage, locales: dict[Any, str]) -> None:
    manager = stage.staff("carol", manage_guild=True)
    locales |= {"server": "fr", stage.alice.id: "de"}
    result = await manager.slash(stage.channel, "chiptune settings language", language="pt_BR")
    assert "- Language: Português do Brasil" in result.response.content.splitlines()
    post, _song = await stage.made()
    assert "densidade média" in text(post)
    result = await manager.slash(stage.channel, "chiptune settings language")
    assert "- Language: the server's language on Discord" in result.response.content.splitlines()


async def test_outside_of_servers_the_person_s_language_is_the_channel_s(stage: Stage, locales: dict[Any, str]) -> None:
    locales |= {"server": "fr", stage.alice.user.id: "es-419"}
    await stage.alice.user.slash("chiptune generate", seconds=12)
    await stage.gone()
    [post] = [message for message in stage.alice.user.dm_channel.history() if message.attachments]
    assert "densidad media" in text(post)


async def test_what_the_generator_says_is_kept_and_said_in_each_language(stage: Stage, locales: dict[Any, str]) -> None:
    _post, song = await stage.made()
    await stage.store.database.change("UPDATE songs SET report = :said WHERE id = :id", said=str(REPORT), id=song.id)
    locales[stage.alice.id] = "de"
    shown = await stage.alice.slash(stage.channel, "chiptune song", song=song.id)
    assert "-# Kept 1,200 of 1,234 notes\\: the melody from part 2. Written on from bar 9." in text(
        shown.response.message
    )
    refused = await stage.alice.slash(stage.channel, "chiptune generate", seed=4)
    await stage.gone()
    [said] = refused.followups
    assert said.content == "Die MIDI-Datei hat 250.000 Ereignisse; höchstens 200.000 sind erlaubt."
    entry = await stage.store.requests.get((await stage.store.database.fetch(NEWEST))[0]["id"])
    assert entry
    assert entry.error == "The MIDI file has 250,000 events; 200,000 is the most."
    with using_language("ja"):
        assert say(entry.error or "") == "MIDIファイルのイベントは250,000個です。最大200,000個です。"


NEWEST = "SELECT id FROM requests ORDER BY number DESC LIMIT 1"


async def test_a_report_on_an_upload_is_in_the_language_of_the_channel(
    stage: Stage, locales: dict[Any, str], composer: Remixer, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = composer.run

    async def run(job: Job, on_progress: Callable[[Progress], None]) -> Result | Failure:
        done = await original(job, on_progress)
        assert isinstance(done, Result)
        return Result(**{**{name: getattr(done, name) for name in done.__dataclass_fields__}, "report": REPORT})

    monkeypatch.setattr(composer, "run", run)
    locales["server"] = "de"
    post, _song = await stage.made()
    assert "-# 1.200 von 1.234 Noten behalten\\: die Melodie aus Stimme 2. Ab Takt 9 fortgesetzt." in text(post)


def english(catalogue: Catalog) -> re.Pattern[str]:
    """Every text of several words without gaps that is another one in a language."""
    texts = [message.id for message in catalogue if isinstance(message.id, str) and message.id != message.string]
    telling = [text for text in texts if text.count(" ") > 1 and "{" not in text]
    return re.compile("|".join(re.escape(text) for text in telling))


@pytest.mark.parametrize("locale", [locale.value for locale in LOCALES])
async def test_no_answer_falls_back_to_english(stage: Stage, locales: dict[Any, str], locale: str) -> None:
    name = next(name for known, name in LOCALES.items() if known.value == locale)
    left = english(messages.read(name))
    manager = stage.staff("carol", manage_guild=True, manage_messages=True)
    locales |= dict.fromkeys([stage.alice.id, stage.bob.id, manager.id, "server"], locale)
    _post, song = await stage.made()
    answers = [
        await stage.bob.slash(stage.channel, f"chiptune {command}", **options)
        for command, options in {
            "help": {}, "history": {}, "queue": {}, "privacy": {}, "top": {}, "battle": {}, "stop": {}, "play": {},
            "cancel": {}, "song": {"song": song.id}, "report": {"song": song.id, "reason": "loud"},
            "delete": {"song": song.id}, "remix": {}, "settings show": {}, "taste": {}, "contest start": {},
            "contest show": {}, "contest hall-of-fame": {}, "contest nominate": {"song": song.id},
        }.items()
    ]  # fmt: skip
    answers += [await manager.slash(stage.channel, f"chiptune settings {part}") for part in ("show", "reset", "scene")]
    for part in ("start", "show", "hall-of-fame", "stop"):
        answers.append(await manager.slash(stage.channel, f"chiptune contest {part}"))
    # Outside of interactions the simulated server has no locale for what nobody asks for.
    await manager.slash(stage.channel, "chiptune settings language", language=name)
    await stage.client.contests.announce()
    answers.append(await manager.slash(stage.channel, "chiptune delete", song=song.id))
    answers.append(await manager.slash(stage.channel, "chiptune top", ranking="battles"))
    shown = [answer.response.message if answer.response else answer.followups[0] for answer in answers]
    for message in [*stage.channel.history(), *shown]:
        said = [message.content, text(message), *(str(embed.to_dict()) for embed in message.embeds)]
        said += labels(message)
        assert not left.search("\n".join(said)), said
    stage.refused()


@pytest.mark.parametrize("name", [name for name in LANGUAGES if name != NATIVE])
async def test_forms_and_buttons_are_short_enough_in_every_language(stage: Stage, name: str) -> None:

    _post, song = await stage.made()
    with using_language(name):
        kinds: list[Any] = [
            AnotherTakeButton,
            ExtendButton,
            FilesButton,
            CancelButton,
            DeleteButton,
            ConfirmDeleteButton,
            OlderButton,
            ReportButton,
            RemixButton,
        ]
        items = [kind(song.id) for kind in kinds] + [VoteButton(song.id, 1, 99), VoteButton(song.id, -1)]
        items += [SettleReportsButton(song.id, verdict) for verdict in ("delete", "dismiss")] + [
            ExportButton(),
            EraseButton(),
            ConfirmEraseButton(),
        ]
        items += [
            ChooseButton("even", song.id, song.id),
            NextPairButton(),
            *(ChartPageButton(one, None) for one in LABELS),
        ]
        items += [NominateButton(song.id), HallOfFameButton(song.id), HallOfFamePageButton(0, say("Newer"))]
        assert all(1 <= len(item.item.label) <= 80 for item in items)
        for menu in (RewriteMenu(song.id).item, NominateMenu(song.id, [song]).item, VoteMenu(song.id, [song]).item):
            assert 1 <= len(menu.placeholder or "") <= 150
        for form in (RemixForm(song), ReportForm(song)):
            assert len(form.title) <= 45
            for label in form.to_components():
                assert 1 <= len(label["label"]) <= 45, label
                assert len(label.get("description") or "") <= 100, label
                for option in label["component"].get("options", []):
                    assert len(option["label"]) <= 100
                    assert len(option.get("description") or "") <= 100
        assert len(say(PAGE, keep=365, grace=365)) <= 2000
        assert len(say(CONFIRM)) <= 2000
        assert len(help_page.page()) <= 4000
