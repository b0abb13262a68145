"""Logs: lines with date and request, as text or as JSON, from a process of its own."""

import json
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT

PROGRAM = """
import logging
from generator.protocol.logs import about_request, set_up_logs
set_up_logs("bot")
log = logging.getLogger("bot.test")
log.info("before")
with about_request("0123456789abcdef"):
    log.warning("inside: %s", "é")
log.error("after")
"""


def logged(form: str | None) -> list[str]:
    env = {"CHIPTUNE_LOG": form} if form else {}
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, env=env, check=True)
    assert done.stdout == b""
    return done.stderr.decode().splitlines()


@pytest.mark.parametrize("form", [None, "text"])
def test_lines_for_people_have_a_date_and_name_the_request(form: str | None) -> None:
    lines = logged(form)
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", line) for line in lines)
    assert [line[20:] for line in lines] == [
        "INFO    bot.test: before",
        "WARNING bot.test: [01234567] inside: é",
        "ERROR   bot.test: after",
    ]


def test_json_lines_have_the_whole_request() -> None:
    lines = [json.loads(line) for line in logged("json")]
    assert [line["request"] for line in lines] == [None, "0123456789abcdef", None]
    assert [line["message"] for line in lines] == ["before", "inside: é", "after"]
    assert {line["process"] for line in lines} == {"bot"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}", line["time"]) for line in lines)


def test_another_form_is_refused() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        logged("xml")
