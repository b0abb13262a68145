"""The settings of a server: one table of their names, defaults, values and texts.

The store checks values by this table, and Discord's commands offer and show them by it. What a setting does is left to
the modules that read it. To add a setting, add a field to `ServerSettings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from bot.languages import LANGUAGES
from bot.text import SOUND_TITLES
from generator.protocol.checks import check_number
from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.names import SOUNDS, readable_name
from generator.protocol.options import SCENE, SECONDS, SOUND, Option

MODEL_CHOICE = _("the model's choice")
AT_MOST = _("at most {n}")
DURATION = _("{value:.4g} s")
DELETERS = {"moderators": _("moderators"), "own": _("moderators, and everybody their own")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all kinds of settings have.

    title: the name in a list of settings. command, description: its subcommand of `/chiptune settings`. parameter: the
    subcommand's option, which holds the new value. left_out: what leaving the option out means. unset: what a list
    shows instead of None or 0.
    """

    title: str
    command: str
    description: str
    parameter: str
    left_out: str
    unset: str = ""

    def check(self, value: Any) -> None:
        """Raise InputError if a value, other than None, is not valid."""
        raise NotImplementedError

    def text(self, value: Any) -> str:
        """Return a valid value as text."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSetting(Setting):
    """The id of a Discord channel."""

    def check(self, value: Any) -> None:
        """Raise InputError if a value cannot be an id."""
        if not (isinstance(value, str) and value.isascii() and value.isdecimal()):
            raise InputError(_("A channel is named by its id."))

    def text(self, value: Any) -> str:
        """Return a link to the channel."""
        return f"<#{value}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceSetting(Setting):
    """One of several names. choices: the titles by name. invalid: the sentence about any other value."""

    choices: Mapping[str, str]
    invalid: str = ""

    def check(self, value: Any) -> None:
        """Raise InputError if a value is not one of the choices."""
        if value not in self.choices:
            raise InputError(self.invalid)

    def text(self, value: Any) -> str:
        """Return the title of a choice."""
        return self.choices[value]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionSetting(ChoiceSetting):
    """The default of a request's option that has choices."""

    option: Option

    def check(self, value: Any) -> None:
        """Raise InputError if the option may not have a value."""
        self.option.checked(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSetting(Setting):
    """The highest number of something. noun: what a sentence calls it. limits: the lowest and the highest value."""

    noun: str
    limits: tuple[int, int]

    def check(self, value: Any) -> None:
        """Raise InputError if a value is not a whole number within the limits."""
        check_number(self.noun, value, self.limits, whole=True)

    def text(self, value: Any) -> str:
        """Return the limit as a phrase."""
        return AT_MOST.format(n=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationSetting(LimitSetting):
    """A number of seconds."""

    def text(self, value: Any) -> str:
        """Return the number with its unit."""
        return DURATION.format(value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthSetting(DurationSetting):
    """The default length of a tune in seconds."""

    def check(self, value: Any) -> None:
        """Raise InputError if a request may not have this length."""
        SECONDS.checked(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchSetting(Setting):
    """On or off. on, off: the texts of both. invalid: the sentence about any other value."""

    on: str
    off: str
    invalid: str

    def check(self, value: Any) -> None:
        """Raise InputError if a value is neither True nor False."""
        if not isinstance(value, bool):
            raise InputError(self.invalid)

    def text(self, value: Any) -> str:
        """Return the text of on or off."""
        return self.on if value else self.off


def _setting(default: object, setting: Setting) -> Any:
    """Return a field of `ServerSettings`."""
    return field(default=default, metadata={"setting": setting})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """The settings of a server. Raises InputError if a value is not valid.

    channel_id: the only channel in which tunes can be asked for; None: any. scene, seconds, sound: what a request has
    if it specifies none; None leaves scene and length to the model, and the sound to the default of requests.
    person_limit, server_limit: the open requests of a person and of the server. cooldown: seconds between two requests
    of a person. clear: who may delete tunes: "moderators", or with "own" also everybody their own. report_channel_id:
    where reports go; None: nowhere. taste: whether votes choose among several takes. language: a name in
    `bot.languages.LANGUAGES`; None: the server's language on Discord.
    """

    channel_id: str | None = _setting(
        None,
        ChannelSetting(
            title=_("Channel for tunes"),
            command="channel",
            description="The one channel for tunes",
            parameter="channel",
            left_out="Any channel if left out",
            unset=_("any"),
        ),
    )
    scene: str | None = _setting(
        None,
        OptionSetting(
            title=_("Default scene"),
            command="scene",
            description="The scene of tunes that specify none",
            parameter="scene",
            left_out="The model's choice if left out",
            unset=MODEL_CHOICE,
            option=SCENE,
            choices={name: readable_name(name) for name in SCENE.choices},
        ),
    )
    seconds: float | None = _setting(
        None,
        LengthSetting(
            title=_("Default length"),
            command="length",
            description="The length of tunes that specify none",
            parameter="seconds",
            left_out="The model's choice if left out",
            unset=MODEL_CHOICE,
            noun=SECONDS.noun,
            limits=(int(SECONDS.low), int(SECONDS.high)),
        ),
    )
    sound: str | None = _setting(
        None,
        OptionSetting(
            title=_("Default sound"),
            command="sound",
            description="What plays tunes that specify no sound",
            parameter="sound",
            left_out="The NES soundfont if left out",
            unset=SOUND_TITLES[SOUNDS[0]],
            option=SOUND,
            choices=SOUND_TITLES,
        ),
    )
    person_limit: int = _setting(
        3,
        LimitSetting(
            title=_("Open requests per person"),
            command="person-limit",
            description="How many open requests one person may have",
            parameter="requests",
            left_out="The default if left out",
            noun=_("limit of open requests per person"),
            limits=(1, 50),
        ),
    )
    server_limit: int = _setting(
        20,
        LimitSetting(
            title=_("Open requests in total"),
            command="server-limit",
            description="How many open requests this server may have",
            parameter="requests",
            left_out="The default if left out",
            noun=_("limit of open requests"),
            limits=(1, 500),
        ),
    )
    cooldown: int = _setting(
        0,
        DurationSetting(
            title=_("Wait between two requests of a person"),
            command="cooldown",
            description="How long a person waits between two requests",
            parameter="seconds",
            left_out="Not at all if left out",
            unset=_("no wait"),
            noun=_("cooldown in seconds"),
            limits=(0, 3600),
        ),
    )
    clear: str = _setting(
        "own",
        ChoiceSetting(
            title=_("Who may delete tunes"),
            command="deletion",
            description="Who may delete tunes",
            parameter="who",
            left_out="Moderators, and everybody their own if left out",
            choices=DELETERS,
            invalid=_("Tunes are deleted by {who}.").format(who=", ".join(DELETERS)),
        ),
    )
    report_channel_id: str | None = _setting(
        None,
        ChannelSetting(
            title=_("Channel for reports"),
            command="reports",
            description="The channel where moderators see reports",
            parameter="channel",
            left_out="None if left out: reports are only kept",
            unset=_("none, reports are only kept"),
        ),
    )
    taste: bool = _setting(
        True,
        SwitchSetting(
            title=_("Votes choose among takes"),
            command="taste",
            description="Whether votes choose among several takes",
            parameter="on",
            left_out="On if left out",
            on=_("once there are enough votes"),
            off=_("no"),
            invalid=_("The taste of a server is on or off."),
        ),
    )
    language: str | None = _setting(
        None,
        ChoiceSetting(
            title=_("Language"),
            command="language",
            description="The bot's language in this server's channels",
            parameter="language",
            left_out="The server's language on Discord if left out",
            unset=_("the server's language on Discord"),
            choices=LANGUAGES,
            invalid=_("The language must be one of {names}.").format(names=", ".join(LANGUAGES)),
        ),
    )

    def __post_init__(self) -> None:
        for name, setting in SETTINGS.items():
            value = getattr(self, name)
            if value is not None or DEFAULTS[name] is not None:
                setting.check(value)


SETTINGS: Mapping[str, Setting] = {entry.name: entry.metadata["setting"] for entry in fields(ServerSettings)}
"""The settings by name, in the order in which people see them."""
DEFAULTS: Mapping[str, object] = {entry.name: entry.default for entry in fields(ServerSettings)}
"""The default of each setting."""


def check_setting(name: str) -> None:
    """Raise InputError if there is no setting of this name."""
    if name not in SETTINGS:
        message = _("There is no setting called “{name}”: there are {names}.")
        raise InputError(message.format(name=name[:40], names=", ".join(SETTINGS)))
