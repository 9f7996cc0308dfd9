"""Tokens are made and shown in every way there is, and sent to every wrong place: their texts stay nowhere."""

import base64
import json
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from accounts.actor import Actor
from accounts.models import License, User
from config import urls
from tests.canary import AS_TEXT, everything_logged, kept, shown_in, traces
from tests.conftest import signed_in
from tests.factories import service_account, take_over
from tests.tokens.api.scripts import Script, script_of
from tests.tokens.commands.terminal import said
from tokens import foreign, format, lifecycle
from tokens.lifecycle import Issued
from tokens.models import Token

JSON = "application/json"
PATTERN = format.pattern("trk_")
FORM = {"expiry": "60", "scope_account": "read", "scope_tokens": "write", "overlap": "24h"}
IN_HEX = "4abc478b25e30766652f76103b978349c4c4b214"


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(f"on purpose, with {request.GET.get('said', '')}")


urlpatterns = [path("broken/", broken), path("api/v1/broken", broken), *urls.urlpatterns]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


class Walk:
    """Alice and Bob at their browsers, and what became known of each text to whoever was to see it."""

    def __init__(self, alices: License, bob: User) -> None:
        self.license, self.bob = alices, bob
        self.robot = service_account(bob.licenses.get().organization)  # type: ignore[arg-type]
        self.alices, self.bobs = signed_in(alices.user), signed_in(bob)
        self.texts: dict[str, str] = {}
        self.afterwards: dict[str, bytes] = {}

    def run(self) -> None:
        self.show_account_tokens()
        self.show_named_tokens()
        self.show_in_the_admin_area()
        self.show_to_scripts()
        self.take_over()
        self.let_others_ask()
        for name in ("created on the page", "account token, last", "imported in hex"):
            self.send_to_wrong_places(name)
        self.stop_them()
        self.look_around()

    def show_account_tokens(self) -> None:
        for name, client, address in [
            ("account token, first", self.alices, "/security/api-token/regenerate/"),
            ("account token, reset", self.alices, "/api-key/reset/"),
            ("account token, last", self.alices, "/security/api-token/regenerate/"),
        ]:
            self.texts[name] = shown_in(client.post(address), PATTERN)
        for address in ("/security/api-token/reveal/", "/api-key/reveal/"):
            assert shown_in(self.alices.post(address), PATTERN) == self.texts["account token, last"]

    def show_named_tokens(self) -> None:
        form = FORM | {"name": "page", "license": self.license.pk, "request_key": str(uuid.uuid4())}
        self.texts["created on the page"] = shown_in(self.alices.post("/tokens/new/", form), PATTERN)
        self.keep("the form sent again", self.alices.post("/tokens/new/", form, follow=True))
        token = Token.objects.get(name="page")
        self.texts["rotated on the page"] = shown_in(self.alices.post(f"/tokens/{token.pk}/rotate/", FORM), PATTERN)

    def show_in_the_admin_area(self) -> None:
        form = FORM | {"name": "robot", "license": self.robot.pk}
        self.texts["of a service account"] = shown_in(self.bobs.post("/admin/meridian/tokens/new/", form), PATTERN)
        address = f"/admin/meridian/tokens/{Token.objects.get(name='robot').pk}/rotate/"
        self.texts["of a service account, rotated"] = shown_in(self.bobs.post(address, FORM), PATTERN)
        who, what = self.license.user.email, ("--name", "command", "--scope", "account:read", "--print")
        self.texts["issued by an operator"] = said("issuetoken", who, *what).strip()

    def show_to_scripts(self) -> None:
        script = Script(Issued(Token.objects.latest("pk"), format.Plaintext(self.texts["rotated on the page"])))
        body = {"name": "script", "scopes": ["account:read"]}
        made = script.post("tokens", body, Idempotency_Key="a-key-of-its-own")
        self.texts["made by a script"] = made.json()["plaintext"]
        self.keep("the key sent again", script.post("tokens", body, Idempotency_Key="a-key-of-its-own"))
        rotated = script.post("tokens/self/rotate", Idempotency_Key="another")
        self.texts["rotated by itself"] = rotated.json()["plaintext"]
        self.script = Script(Issued(Token.objects.latest("pk"), format.Plaintext(self.texts["rotated by itself"])))
        self.script.get("me")

    def take_over(self) -> None:
        for name, text in {"imported in hex": IN_HEX, "imported as text": AS_TEXT}.items():
            token = take_over(self.license, text, name=name)
            self.texts[name] = text
            foreign.known.forget()
            assert Client(headers={"API-Token": text}).get("/api/v1/me").status_code == 200
        issued = lifecycle.rotate(actor=Actor(self.license.user), token=token, overlap=timedelta(days=1))
        self.texts["imported and rotated"] = str(issued.plaintext)

    def let_others_ask(self) -> None:
        service = script_of(self.bob.licenses.get(), "introspect:read")
        self.texts["of a service"] = str(service.issued.plaintext)
        for name, text in self.texts.items():
            assert fill_in(service.client, "introspect", token=text).status_code == 200
            for form in ({"token": text}, {"token": text, "address": text}, {"token": text, text: text}):
                self.keep(f"introspection of {name}", fill_in(service.client, "introspect", **form))
            proxied = {"Authorization": f"Bearer {text}", "X-Original-Method": "GET", "X-Original-URI": f"/?t={text}"}
            self.keep(f"forward auth of {name}", Client(headers=proxied).get(f"/api/v1/forward-auth?resource={text}"))
            self.keep(f"the desk about {name}", self.bobs.post("/admin/meridian/leaks/", {"text": f"x {text} y"}))

    def send_to_wrong_places(self, name: str) -> None:
        text = self.texts[name]
        basic = base64.b64encode(f"alice:{text}".encode()).decode()
        good = {"Authorization": f"Token {self.texts['rotated by itself']}"}
        wrong_headers: list[dict[str, str]] = [
            {"Authorization": f"Basic {basic}"},
            {"Authorization": f"Token {text}, Token {text}"},
            {"Authorization": f"Token {text[:-1]}"},
            *({header: text} | good for header in ("User-Agent", "Idempotency-Key", "If-Match", "X-Request-Id")),
            *({header: text} | good for header in ("Referer", "Origin", "Accept", "X-Forwarded-For", "Cookie")),
            {"Host": text},
            {"User-Agent": f"program/1 ({text})"} | good,
            {"Content-Length": text} | good,
        ]
        for headers in wrong_headers:
            client = Client(headers=headers, raise_request_exception=False)
            for address in ("/api/v1/me", "/api/v1/broken", "/account/login/", "/nowhere/", "/broken/"):
                self.keep(f"{name} in {next(iter(headers))} at {address}", client.get(address))
            self.keep(f"{name} in {next(iter(headers))} of a form", client.post("/account/login/", {"login": "a"}))
        browser = Client(raise_request_exception=False, headers=good)
        for client in (browser, self.alices):
            client.raise_request_exception = False
            for address in WRONG_ADDRESSES:
                self.keep(f"{name} in {address}", client.get(address.format(text)))
        self.sign_in_with(text)
        for body in ({"name": 7, "token": text}, {text: 1}, [text], {"name": "x", "scopes": [text]}):
            for method, address in (("patch", "/api/v1/me"), ("post", "/api/v1/tokens")):
                answer = getattr(browser, method)(address, json.dumps(body), content_type=JSON)
                self.keep(f"{name} in a body", answer)
        self.keep(f"{name} as a body", browser.post("/api/v1/tokens", text, content_type=JSON))
        self.keep(f"{name} as a form", fill_in(browser, "revoke", token_type_hint=text, token="x" * 20))

    def sign_in_with(self, text: str) -> None:
        agent = {"User-Agent": f"browser/1 {text}"}
        for login, password in ((text, text), (f"{text}@example.org", text), (self.license.user.email, text)):
            Client(headers=agent).post("/account/login/", {"login": login, "password": password})
        user = self.license.user
        Client(headers=agent).post("/account/login/", {"login": user.email, "password": "correct horse battery"})

    def stop_them(self) -> None:
        leaked = [text for name, text in self.texts.items() if name not in STAY]
        answer = fill_in(Client(), "revoke", token=self.texts["made by a script"])
        assert answer.status_code == 200
        self.keep("the leak report", Client().post("/api/v1/leaks", {"tokens": leaked}, content_type=JSON))
        for name, text in self.texts.items():
            self.keep(f"a call with {name}", Client(headers={"Authorization": f"Token {text}"}).get("/api/v1/me"))

    def look_around(self) -> None:
        for client, addresses in ((self.alices, OWN_PAGES), (self.bobs, ADMIN_PAGES)):
            for address in addresses:
                self.keep(address, client.get(address))
        self.keep("the data download", self.alices.post("/security/data/"))

    def keep(self, name: str, answer: Any) -> None:
        """An answer that is not to show any text, with its headers."""
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        self.afterwards[f"the answer: {name}"] = content + repr(answer.headers).encode()


def fill_in(client: Client, path: str, **fields: str) -> Any:
    """As RFC 7009 and 7662 have it."""
    return client.post(f"/api/v1/{path}", urlencode(fields), content_type="application/x-www-form-urlencoded")


# One to be stopped in another way, and one that stays sealed.
STAY = {"made by a script", "account token, last"}
OWN_PAGES = ["/", "/api-key/", "/security/", "/tokens/", "/profile/", "/tokens/new/"]
ADMIN_PAGES = [f"/admin/meridian/{place}" for place in ("tokens/", "members/", "policy/", "audit/", "leaks/")]
ADMIN_PAGES += [f"/admin/meridian/audit/export.{kind}" for kind in ("csv", "jsonl")]
WRONG_ADDRESSES = ["/{}", "/api/v1/{}", "/api/v1/tokens/{}", "/invitation/{}/", "/account/confirm-email/{}/"]
WRONG_ADDRESSES += ["/account/password/reset/key/{}/", "/static/{}.css", "/api/v1/me?token={}", "/broken/?said={}"]
WRONG_ADDRESSES += ["/api/v1/tokens?limit={}", "/api/v1/tokens?{}=1", "/api/v1/broken?said={}", "/x_{}", "/admin/{}/"]


@pytest.mark.urls(__name__)
def test_no_text_is_anywhere_but_where_it_was_shown(
    alices_license: License, bob: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.ACCOUNT_TOKEN_REVEAL = "recent-sign-in"
    settings.API_REFUSALS_PER_MINUTE = settings.TOKEN_ISSUES_PER_HOUR = 1_000_000
    License.objects.update(allowance=100)
    walk = Walk(alices_license, bob)

    with everything_logged() as log, django_capture_on_commit_callbacks(execute=True):
        walk.run()

    assert len(set(walk.texts.values())) == 14
    assert Token.objects.exclude(sealed=None).get().is_account_token
    places = kept() | walk.afterwards | {"the log": log.getvalue().encode()}
    assert traces(walk.texts, places) == []
