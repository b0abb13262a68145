"""The table of server settings."""

from bot.store.server_settings import DEFAULTS, SETTINGS, ServerSettings


def test_commands_and_titles_are_unique() -> None:
    assert len({setting.command for setting in SETTINGS.values()}) == len(SETTINGS)
    assert len({setting.title for setting in SETTINGS.values()}) == len(SETTINGS)


def test_defaults_are_valid_and_can_be_shown() -> None:
    settings = ServerSettings()
    for name, setting in SETTINGS.items():
        value = getattr(settings, name)
        assert value == DEFAULTS[name]
        assert setting.unset or setting.text(value)
