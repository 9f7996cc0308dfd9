"""What a line of the log looks like, what never stands in one, and how many there can be."""

import json
import logging
from datetime import UTC, datetime
from io import StringIO, TextIOWrapper
from logging.config import DictConfigurator

import pytest

from config import logs
from config.logs import MOST_ALIKE, NOBODYS, Stderr, current_request_id
from config.redaction import without_secrets
from tokens import format

FORMS = ("line", "json")


class Log:
    """A logger that writes as the settings have it, into a text."""

    def __init__(self, form: str) -> None:
        configurator = DictConfigurator(logs.configuration(form, "INFO"))
        for kind in ("filter", "formatter"):
            made = configurator.config[f"{kind}s"]
            for name in made:
                made[name] = getattr(configurator, f"configure_{kind}")(made[name])
        handler = configurator.configure_handler(configurator.config["handlers"]["stderr"])
        handler.setStream(stream := StringIO())
        self.stream = stream
        self.logger = logging.Logger("tokens.ledger")
        self.logger.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Its one entry is what the time is."""
    now = [1000.0]
    monkeypatch.setattr("config.logs.time.monotonic", lambda: now[0])
    return now


def test_a_line_of_json_says_when_who_and_what() -> None:
    log, token = Log("json"), current_request_id.set("0123-4567")
    try:
        log.logger.warning("Usage of %s\ncould not be written.", "Zoë")
    finally:
        current_request_id.reset(token)

    (line,) = log.lines
    said = json.loads(line)
    assert said.pop("time").endswith("Z")
    assert said == {
        "level": "WARNING",
        "logger": "tokens.ledger",
        "message": "Usage of Zoë\ncould not be written.",
        "request_id": "0123-4567",
    }
    assert datetime.fromisoformat(json.loads(line)["time"]).astimezone(UTC).year >= 2026


def test_an_exception_stands_in_the_same_line_of_json() -> None:
    log, token = Log("json"), current_request_id.set(NOBODYS)

    try:
        raise ValueError("out of\nrange")
    except ValueError:
        log.logger.exception("It broke.")
    finally:
        current_request_id.reset(token)

    (line,) = log.lines
    said = json.loads(line)
    assert said["exception"].startswith("Traceback")
    assert said["exception"].endswith("ValueError: out of\nrange")
    assert said["request_id"] is None


TEXT = format.generate("acme_")
SAID = {
    "/invitation/geheim-123/": "/invitation/…/",
    "/account/password/reset/key/1-abc-def/": "/account/password/reset/key/…/",
    "/invitation/sign-out/": "/invitation/sign-out/",
    "/invitation/": "/invitation/",
    f"Token {TEXT} was sent": f"Token {TEXT[:9]}… was sent",
    'could not connect to "postgres://tokenrack:geheim@db/x"': 'could not connect to "postgres://tokenrack:…@db/x"',
    f"/x_{TEXT}_x and {TEXT}0": f"/x_{TEXT[:9]}…_x and {TEXT[:9]}…",
    "/api/v1/4abc478b25e30766652f76103b978349c4c4b214": "/api/v1/4abc…",
    "at 0x7f0d5cead440, 0123-4567": "at 0x7f0d5cead440, 0123-4567",
    "https://tokens.example.org:8000/": "https://tokens.example.org:8000/",
}


@pytest.mark.parametrize(("said", "logged"), SAID.items(), ids=range(len(SAID)))
def test_no_line_names_a_secret(said: str, logged: str) -> None:
    assert without_secrets(said) == logged


@pytest.mark.parametrize("form", FORMS)
def test_neither_message_nor_exception_names_one(form: str) -> None:
    log = Log(form)

    try:
        raise ValueError(str(TEXT))
    except ValueError:
        log.logger.exception("Not found: %s", f"/invitation/{TEXT}/")

    assert TEXT not in log.stream.getvalue()
    assert "geheim" not in log.stream.getvalue()
    assert TEXT[:9] in log.stream.getvalue()


def test_a_line_that_cannot_be_written_is_lost_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    with open("/dev/full", "wb", buffering=0) as disk:
        logger = logging.Logger("full")
        logger.addHandler(Stderr(TextIOWrapper(disk, write_through=True)))

        logger.error("Authorization: %s", TEXT)
        logger.error("Wrongly %s, %s", "filled")

        assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("form", FORMS)
def test_of_what_is_alike_some_are_written_and_the_next_minute_says_how_many_not(form: str, clock: list[float]) -> None:
    log = Log(form)

    def say() -> None:
        log.logger.warning("A request from %s could not be read.", "192.0.2.1")

    for _ in range(1000):
        say()
    assert len(log.lines) == MOST_ALIKE
    clock[0] += 61
    say()
    say()

    first, second = log.lines[MOST_ALIKE:]
    assert ("980" in first, "980" in second) == (True, False)
    if form == "json":
        assert json.loads(first)["left_out"] == 980
        assert "left_out" not in json.loads(second)


def test_what_is_not_alike_is_counted_apart(clock: list[float]) -> None:
    log = Log("line")

    def fail(how: type[Exception]) -> None:
        try:
            raise how
        except Exception:
            log.logger.exception("Internal Server Error: %s", "/")

    for _ in range(100):
        log.logger.warning("One.")
        log.logger.warning("Another.")
        fail(KeyError)
        fail(OSError)

    text = log.stream.getvalue()
    counts = [text.count(word) for word in ("One.", "Another.", "\nKeyError", "\nOSError")]
    assert counts == [MOST_ALIKE] * 4


def test_what_callers_send_makes_no_kind_of_its_own(clock: list[float]) -> None:
    log = Log("line")

    for number in range(100):
        log.logger.error(f"Invalid HTTP_HOST header: 'a{number}'.")

    assert len(log.lines) == MOST_ALIKE
