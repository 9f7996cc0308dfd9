"""Texts that mean harm, in every field that takes a free one: shown as they are and run by nothing, or refused clearly.

What people type into passkeys is in tests/accounts/test_second_factor.py.
"""

import csv
import html
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.actor import Actor
from accounts.models import Invitation, License, Organization, User
from tests.canary import everything_logged
from tests.conftest import signed_in
from tests.factories import PASSWORD, issue, service_account
from tests.tokens.api.scripts import account_script
from tokens import format, lifecycle
from tokens.ledger import ledger
from tokens.models import Token

FORM = {"expiry": "60", "scope_account": "read"}
SEAT = {"role": "member", "allowance": 10, "valid_until": ""}
WORDS = ["visible characters", "Null characters", "looks like an API token"]
LIVE = re.compile(r"[=+@\-\uff1d\t\r]")

SHOWN = {
    "a script": "<script>alert(1)</script>",
    "an attribute": "\"'><img src=x onerror=alert(1)>",
    "an end of a comment": "--></style></title><svg onload=a()>",
    "a formula": '=HYPERLINK("https://evil.example";"a")',
    "a wide formula": "\uff1d1+1;@SUM(1)",
    "a template": "{{ 7|add:7 }}{% csrf_token %}{token}%s",
    "an address": "javascript:alert(1)",
    "SQL": "a'; DROP TABLE tokens_token;--%_\\",
    "four bytes": "\U0001f511 \U0001d4d0\U0001d4f5\U0001d4f2\U0001d4ec\U0001d4ee",
    "combining marks": "e" + "\u0301\u0327" * 12,
}
REFUSED = {
    "an override": "abc\u202egnp.exe",
    "an isolate": "\u2066abc",
    "NUL": "a\0b",
    "a header": "a\r\nBcc: eve@evil.example",
    "a line feed": "a\nb",
    "a line separator": "a\u2028b",
    "an escape": "a\x1b[31mb",
    "nothing to see": "a\u200bb",
    "a blank letter": "a\u3164b",
    "a tag": "a\U000e0041b",
}
SECRETS = {
    "a token": f"for {format.generate('trk_')}",
    "a token of another site": str(format.generate("acme_")),
    "a token of another system": "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b",
}


class Scene:
    """Alice and Bob at their browsers, and a script of each."""

    def __init__(self, alices: License, bob: User) -> None:
        self.license, self.organization = alices, alices.organization
        self.alices, self.bobs = signed_in(alices.user), signed_in(bob)
        self.robot = service_account(bob.licenses.get().organization, "Nightly")  # type: ignore[arg-type]
        self.tokens = [issue(alices, name).token for name in ("page", "call", "by page", "by call")]
        self.script, self.bobs_script = account_script(alices.user), account_script(bob)

    def fields(self) -> dict[str, Callable[[str], Any]]:
        """Each free text, with the door through which people or scripts write it."""
        page, call, by_page, by_call = (token.pk for token in self.tokens)
        members = "/admin/meridian/members/"
        return {
            "name of a new token": lambda text: self.alices.post(
                "/tokens/new/", FORM | {"name": text, "license": self.license.pk}
            ),
            "name of a token": lambda text: self.alices.post(f"/tokens/{page}/edit/", FORM | {"name": text}),
            "name of a token of Bob's": lambda text: self.bobs.post("/admin/meridian/tokens/new/", {"name": text}),
            "name of a token, by the API": lambda text: self.script.patch(f"tokens/{call}", {"name": text + "."}),
            "reason": lambda text: self.bobs.post(f"/admin/meridian/tokens/{by_page}/revoke/", {"reason": text}),
            "reason, by the API": lambda text: self.bobs_script.post(
                f"organization/meridian/tokens/{by_call}/revoke", {"reason": text}
            ),
            "name of a person": lambda text: self.alices.post("/profile/", {"name": text, "time_zone": ""}),
            "name of a person, by the API": lambda text: self.bobs_script.patch("me", {"name": text}),
            "name of a service account": lambda text: self.bobs.post(f"{members}service-accounts/new/", {"name": text}),
            "name of a license": lambda text: self.bobs.post(f"{members}{self.license.pk}/", SEAT | {"name": text}),
            "license of an invitation": lambda text: self.bobs.post(
                f"{members}invite/", SEAT | {"name": text, "email": "erin@example.org"}
            ),
        }

    def everything_shown(self) -> dict[str, str]:
        addresses = [f"/tokens/{token.pk}/" for token in self.tokens]
        addresses += ["/", "/tokens/", "/security/", "/profile/", "/tokens/new/"]
        governed = [f"tokens/{token.pk}/" for token in self.tokens]
        governed += ["tokens/", "audit/", "members/", f"members/{self.license.pk}/", "policy/"]
        pages = {address: self.alices.get(address) for address in addresses}
        pages |= {address: self.bobs.get(f"/admin/meridian/{address}") for address in governed}
        assert {page.status_code for page in pages.values()} == {200}
        return {address: page.content.decode() for address, page in pages.items()}


@pytest.fixture
def scene(settings: Any, alices_license: License, bob: User) -> Scene:
    settings.TOKEN_ISSUES_PER_HOUR = 1_000_000
    return Scene(alices_license, bob)


def name_the_organization(organization: Organization, text: str) -> None:
    """As an operator does it."""
    organization.name = text
    organization.full_clean()
    organization.save()


@pytest.mark.parametrize("text", SHOWN.values(), ids=SHOWN)
def test_what_is_taken_is_shown_as_it_is_and_run_by_nothing(
    scene: Scene, text: str, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        name_the_organization(scene.organization, text)  # type: ignore[arg-type]
        answers = {field: write(text) for field, write in scene.fields().items()}
        lifecycle.revoke_as_leaked(actor=Actor(scene.license.user), token=scene.tokens[0])
        signed_in_with(text)

    assert {field: answer.status_code for field, answer in answers.items() if answer.status_code >= 400} == {}
    check_rows(scene, text)
    pages = scene.everything_shown()
    shown = html.escape(text)
    assert [address for address, page in pages.items() if shown != text and text in page] == []
    hidden = {"policy/", "/tokens/new/"}
    assert [address for address, page in pages.items() if shown not in page and address not in hidden] == []
    check_letters(text)
    check_exports(scene, text)


def signed_in_with(program: str) -> Client:
    browser = Client(headers={"User-Agent": program})
    browser.post("/account/login/", {"login": "alice@example.org", "password": PASSWORD})
    return browser


def check_rows(scene: Scene, text: str) -> None:
    """Nothing was lost on the way in."""
    names = set(Token.objects.values_list("name", flat=True))
    assert {text, f"{text}."} <= names
    assert set(Token.objects.exclude(hold="").values_list("stop_reason", flat=True)) == {text, ""}
    assert User.objects.filter(name=text).count() == 3
    assert License.objects.filter(name=text).count() == Invitation.objects.filter(license_name=text).count() == 1


def check_letters(text: str) -> None:
    """Each goes to one reader, with one subject, and shows the text as it is."""
    assert len(mail.outbox) >= 3
    for letter in mail.outbox:
        message = letter.message()
        assert not {"bcc", "cc"} & {name.lower() for name, _ in message.items()}
        assert len(letter.to) == 1
        assert letter.subject.splitlines() == [letter.subject]
        pages = [str(page) for page, _ in letter.alternatives]  # type: ignore[attr-defined]
        assert html.escape(text) == text or not [page for page in pages if text in page]
    assert any(text in letter.subject for letter in mail.outbox)


def check_exports(scene: Scene, text: str) -> None:
    check_cells(scene)
    lines = b"".join(scene.bobs.get("/admin/meridian/audit/export.jsonl").streaming_content).decode().splitlines()
    assert any(json.loads(line)["token_name"] == text for line in lines)


def check_cells(scene: Scene) -> None:
    """A spreadsheet runs none of them."""
    export = b"".join(scene.bobs.get("/admin/meridian/audit/export.csv").streaming_content).decode()
    cells = [cell for row in csv.reader(io.StringIO(export, newline="")) for cell in row]
    assert len(cells) > 100
    assert [cell for cell in cells if LIVE.match(cell)] == []


@pytest.mark.parametrize("text", (REFUSED | SECRETS).values(), ids=REFUSED | SECRETS)
def test_what_is_refused_is_refused_in_words_at_its_field(scene: Scene, text: str) -> None:
    before = rows()

    answers = {field: write(text) for field, write in scene.fields().items()}

    assert rows() == before
    for field, answer in answers.items():
        if "API" in field:
            assert (answer.status_code, len(answer.json()["errors"])) == (422, 1), field
            said = answer.json()["errors"][0]["detail"]
            assert any(word in said for word in WORDS), field
        else:
            form = answer.context["form"]
            assert answer.status_code == 200, field
            messages = [message for messages in form.errors.values() for message in messages]
            said = messages[0]
            assert any(word in said for word in WORDS), field
        assert text.removeprefix("for ") not in said
    with pytest.raises(ValidationError, match="|".join(WORDS)):
        name_the_organization(scene.organization, text)  # type: ignore[arg-type]


def rows() -> list[Any]:
    models = (Token, User, License, Invitation, Organization)
    fields = {Token: ("name", "hold"), Invitation: ("license_name",)}
    return [list(model._default_manager.order_by("pk").values_list(*fields.get(model, ("name",)))) for model in models]  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [*SHOWN.values(), *REFUSED.values()], ids=[*SHOWN, *REFUSED])
def test_a_program_may_call_itself_what_it_likes(scene: Scene, text: str) -> None:
    """A header is not refused for that; what cannot be printed is left out, and nothing that is kept needs it."""
    kept = "".join(filter(str.isprintable, text))
    browser = signed_in_with(text)
    issued = issue(scene.license, "program")
    assert Client(headers={"User-Agent": text, "API-Token": issued.plaintext}).get("/api/v1/me").status_code == 200
    ledger.flush()

    agents = set(scene.license.user.usersession_set.values_list("user_agent", flat=True))
    pages = [browser.get(page).content.decode() for page in ("/", "/security/", f"/tokens/{issued.token.pk}/")]

    assert kept in agents
    assert issued.token.addresses.get().user_agent == kept
    assert [page for page in pages if html.escape(text) != text and text in page] == []
    check_cells(scene)


@pytest.mark.parametrize("end", ["%0a", "%0d%0a", "%e2%80%a8", "%1b"])
@pytest.mark.parametrize("place", ["/a", "/api/v1/a"])
def test_no_caller_begins_a_line_of_the_log(db: None, place: str, end: str) -> None:
    path = f"{place}{end}FORGED"

    with everything_logged() as log:
        Client().get(path, headers={"User-Agent": "a\nFORGED", "Referer": "a\nFORGED", "Host": "a\nFORGED"})
        Client().get(path)
        Client().post("/account/login/", {"login": "a\nFORGED@example.org", "password": "b\nFORGED"})

    said = [line for line in re.split(r"[\r\n\u2028\x1b]", log.getvalue()) if "FORGED" in line]
    assert said
    assert [line for line in said if line.startswith("FORGED")] == []
