"""What the canary would find: or a test that finds nothing proves nothing."""

import base64
import logging
from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.core import mail
from django.core.cache import cache

from accounts.actor import SYSTEM
from accounts.models import Organization, User
from config.limiter import Rate, limiter
from tests.canary import AS_TEXT, everything_logged, kept, traces
from tests.conftest import signed_in
from tokens import format, lifecycle
from tokens.models import Policy, Token

PLANTS: dict[str, Callable[[str], object]] = {
    "a line of the log": lambda text: logging.getLogger("tokens").debug("It was %s.", text),
    "the log of an exception": lambda text: logging.getLogger("tokens").error("Oh.", exc_info=ValueError(text)),
    "a column": lambda text: Policy.objects.create(organization=Organization.objects.get(), withheld_scope=text),
    "a sealed copy": lambda text: Token.objects.update(sealed=b"\0" + text.encode()),
    "the cache": lambda text: cache.set("last", {"said": text}),
    "the key of a count": lambda text: limiter.hit(Rate(1, 60), "call", text),
    "a letter": lambda text: mail.send_mail("Your token", f"It is {text}.", None, ["alice@example.org"]),
    "the subject of a letter": lambda text: mail.send_mail(f"It is {text}", "", None, ["alice@example.org"]),
}
WRITTEN: dict[str, Callable[[str], str]] = {
    "in part": lambda text: text[6:-3],
    "in an address": lambda text: quote(text[2:], safe=""),
    "in hexadecimal": lambda text: text.encode().hex().upper(),
    "in base64": lambda text: base64.b64encode(b"me:" + text.encode()).decode(),
    "in base64, one on": lambda text: base64.urlsafe_b64encode(b"you:" + text.encode()).decode(),
    "in base64, two on": lambda text: base64.b64encode(b"alice:s" + text.encode()).decode(),
}


# The log itself cuts what is hexadecimal.
PAIRS = [(place, form) for place in PLANTS for form in WRITTEN if (form, "log" in place) != ("in hexadecimal", True)]


@pytest.mark.parametrize("text", [str(format.generate("trk_")), AS_TEXT], ids=["ours", "of another system"])
@pytest.mark.parametrize(("place", "form"), PAIRS)
def test_a_text_that_was_left_somewhere_would_be_found(alice: User, place: str, form: str, text: str) -> None:
    lifecycle.regenerate(actor=SYSTEM, owner=alice)

    with everything_logged() as log:
        before = traces({"it": text}, kept())
        PLANTS[place](WRITTEN[form](text))

    assert before == []
    assert traces({"it": text}, kept() | {"the log": log.getvalue().encode()})


def test_a_text_in_a_session_would_be_found(alice: User) -> None:
    client = signed_in(alice)
    session = client.session
    session["last"] = AS_TEXT
    session.save()

    assert traces({"it": AS_TEXT}, kept()) == ["it in sessions, as it is"]
