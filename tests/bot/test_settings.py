from pathlib import Path

import pytest

from bot.settings import Settings, load_settings
from generator.protocol.errors import InputError

NONE = Path("/nonexistent/.env")


def test_defaults() -> None:
    settings = load_settings(NONE, {})
    assert settings == Settings(token=None, host="127.0.0.1", port=8000, data_dir=Path("var"), public_url=None)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("CHIPTUNE_PORT=9000\nDISCORD_TOKEN=from-the-file\nCHIPTUNE_DATA_DIR=/data\n")
    settings = load_settings(dotenv, {"CHIPTUNE_PORT": "0", "CHIPTUNE_PUBLIC_URL": "https://tunes.example.org/"})
    assert settings == Settings(
        token="from-the-file", port=0, data_dir=Path("/data"), public_url="https://tunes.example.org"
    )


def test_how_long_things_are_kept() -> None:
    settings = load_settings(NONE, {"CHIPTUNE_KEEP_DAYS": "90", "CHIPTUNE_GRACE_DAYS": "1"})
    assert (settings.keep_days, settings.grace_days) == (90, 1)


def test_a_channel_for_reports() -> None:
    assert (
        load_settings(NONE, {"CHIPTUNE_REPORTS_CHANNEL": "271828182845904523"}).reports_channel == "271828182845904523"
    )


def test_empty_is_unset() -> None:
    assert load_settings(NONE, {"DISCORD_TOKEN": " ", "CHIPTUNE_PORT": "", "CHIPTUNE_PUBLIC_URL": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHIPTUNE_PORT", "http"),
        ("CHIPTUNE_PORT", "-1"),
        ("CHIPTUNE_PORT", "65536"),
        ("CHIPTUNE_PORT", "²"),
        ("CHIPTUNE_KEEP_DAYS", "0"),
        ("CHIPTUNE_KEEP_DAYS", "a month"),
        ("CHIPTUNE_GRACE_DAYS", "99999"),
        ("CHIPTUNE_REPORTS_CHANNEL", "#reports"),
        ("CHIPTUNE_REPORTS_CHANNEL", "9" * 21),
        ("CHIPTUNE_PUBLIC_URL", "tunes.example.org"),
        ("CHIPTUNE_PUBLIC_URL", "ftp://tunes.example.org"),
        ("CHIPTUNE_PUBLIC_URL", "https://[half"),
    ],
)
def test_a_bad_value_is_one_sentence_that_names_it(name: str, value: str) -> None:
    with pytest.raises(InputError) as raised:
        load_settings(NONE, {name: value})
    assert name in str(raised.value)
    assert value in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_token_is_never_shown() -> None:
    settings = load_settings(NONE, {"DISCORD_TOKEN": "MTk4.secret"})
    assert "secret" not in repr(settings)
    assert "secret" not in str(settings)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "tunes.local"])  # noqa: S104 (not bound)
def test_a_page_for_others_needs_a_password_or_a_flag(host: str) -> None:
    with pytest.raises(InputError, match="CHIPTUNE_PASSWORD"):
        load_settings(NONE, {"CHIPTUNE_HOST": host})
    assert load_settings(NONE, {"CHIPTUNE_HOST": host, "CHIPTUNE_OPEN": "1"}).open
    assert load_settings(NONE, {"CHIPTUNE_HOST": host, "CHIPTUNE_PASSWORD": "grün"}).password == "grün"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.5.5.5"])
def test_a_page_for_this_machine_needs_none(host: str) -> None:
    assert not load_settings(NONE, {"CHIPTUNE_HOST": host}).open


def test_the_password_is_never_shown() -> None:
    assert "grün" not in repr(load_settings(NONE, {"CHIPTUNE_PASSWORD": "grün"}))


@pytest.mark.parametrize("fields", [{"CHIPTUNE_OPEN": "yes"}, {"CHIPTUNE_PROXIES": "-1"}, {"CHIPTUNE_PROXIES": "10"}])
def test_flags_and_numbers_are_checked(fields: dict[str, str]) -> None:
    with pytest.raises(InputError, match=next(iter(fields))):
        load_settings(NONE, fields)
