"""A server is lost once and found once, however many ask it at the same time."""

from typing import ClassVar

import pytest

from config.link import Away, Link


class ToyLink(Link):
    errors: ClassVar = (OSError,)
    retry_seconds = 0.0
    lost = "It is away (%s)."
    found = "It is back."


def refuse() -> None:
    raise ConnectionRefusedError("with the password in it")


def test_losing_and_finding_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    link = ToyLink()

    for _ in range(3):
        with pytest.raises(Away):
            link.ask(refuse)
    answers = [link.ask(lambda: 7) for _ in range(3)]

    assert answers == [7, 7, 7]
    assert caplog.messages == ["It is away (ConnectionRefusedError).", "It is back."]


def test_an_answer_to_what_was_asked_before_the_loss_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    link = ToyLink()

    link.ask(lambda: link.lose(OSError()))

    assert link.is_away
    assert caplog.messages == ["It is away (OSError)."]
