"""Settings of servers, and servers that the bot left."""

import pytest

from bot.scope import Scope
from bot.store import ServerSettings, Store
from generator.protocol.errors import InputError
from tests.bot.kept import new_entry


async def test_a_server_has_defaults_until_something_is_set(store: Store) -> None:
    assert await store.servers.settings(Scope("7")) == ServerSettings()
    assert await store.servers.change(Scope("7"), "scene", "boss") == ServerSettings(scene="boss")
    await store.servers.change(Scope("7"), "person_limit", 5)
    assert await store.servers.settings(Scope("7")) == ServerSettings(scene="boss", person_limit=5)
    assert await store.servers.settings(Scope("8")) == ServerSettings()


async def test_settings_are_set_back_one_by_one_or_together(store: Store) -> None:
    for name, value in (("seconds", 60), ("channel_id", "99"), ("clear", "own")):
        await store.servers.change(Scope("7"), name, value)
    assert await store.servers.reset(Scope("7"), "seconds") == ServerSettings(channel_id="99", clear="own")
    assert await store.servers.reset(Scope("7")) == ServerSettings()
    assert await store.servers.settings(Scope("7")) == ServerSettings()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("scene", "beach", "scene"),
        ("sound", "organ", "sound"),
        ("seconds", 1, "length"),
        ("person_limit", 0, "1 to 50"),
        ("person_limit", True, "1 to 50"),
        ("server_limit", 501, "1 to 500"),
        ("cooldown", -1, "0 to 3600"),
        ("cooldown", None, "0 to 3600"),
        ("channel_id", "#music", "its id"),
        ("report_channel_id", 5, "its id"),
        ("clear", "nobody", "moderators"),
        ("language", "klingon", "one of en, de"),
        ("colour", "red", "no setting called"),
        ("__class__", "x", "no setting called"),
    ],
)
async def test_a_bad_setting_is_one_sentence_and_changes_nothing(
    store: Store, name: str, value: object, said: str
) -> None:
    await store.servers.change(Scope("7"), "cooldown", 30)
    with pytest.raises(InputError, match=said):
        await store.servers.change(Scope("7"), name, value)
    assert await store.servers.settings(Scope("7")) == ServerSettings(cooldown=30)
    with pytest.raises(InputError):
        await store.servers.reset(Scope("7"), "colour")


async def test_a_server_that_is_left_and_joined_again_keeps_its_settings(store: Store) -> None:
    await store.servers.change(Scope("7"), "cooldown", 30)
    await store.servers.left(Scope("7"), 100.0)
    await store.servers.left(Scope("7"), 200.0)
    assert await store.servers.left_before(150.0) == ["7"]
    await store.servers.joined(Scope("7"))
    assert await store.servers.left_before(1e12) == []
    assert await store.servers.settings(Scope("7")) == ServerSettings(cooldown=30)


async def test_servers_left_while_the_bot_was_away_are_found(store: Store) -> None:
    await store.servers.all_joined({Scope("6"), Scope("7"), Scope("8")})
    await store.servers.left(Scope("8"), 100.0)
    for never_joined in ("5", "local", "channel:5", None):
        await store.requests.add(new_entry(scope=never_joined))
    await store.servers.all_joined({Scope("6"), Scope("8"), Scope("9")})
    assert await store.servers.left_before(1e12) == ["7"]
