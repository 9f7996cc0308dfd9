"""What the contenders find in the database: as many tokens of each kind as asked, and one of each to call with."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import connection
from django.utils import timezone
from knox.models import AuthToken
from oauth2_provider.models import AccessToken
from rest_framework.authtoken.models import Token as PlainToken
from rest_framework_api_key.models import APIKey

from accounts.actor import SYSTEM
from accounts.models import License, Organization, User
from tests.benchmarks.names import MOST_OF_PEERS
from tokens import format, hashing, lifecycle
from tokens.models import Token

BATCH = 5_000
PREFIX = "trk_"
SLUG = "bench"


@dataclass
class Texts:
    """The text of one token of each kind; `limit` is the whole header, whose hash stands where a digest would."""

    ours: str
    limit: str
    drf: str
    knox: str
    key: str
    oauth: str


def fill(count: int) -> Texts:
    """At least `count` tokens of each kind. One organization holds all of ours."""
    organization, _ = Organization.objects.get_or_create(slug=SLUG, defaults={"name": "Bench"})
    person, _ = User.objects.get_or_create(email="ada@example.org", defaults={"name": "Ada Lindqvist"})
    license, _ = License.objects.get_or_create(
        user=person, organization=organization, defaults={"name": "Studio", "number": "B-1", "allowance": 100}
    )
    fill_ours(count - Token.objects.count(), organization)
    for model, fill in {PlainToken: fill_drf, AuthToken: fill_knox, APIKey: fill_keys, AccessToken: fill_oauth}.items():
        fill(min(count, MOST_OF_PEERS) - model._default_manager.count())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return texts_of(license)


def fill_ours(missing: int, organization: Organization) -> None:
    """Ten on each license, as in life."""
    now = timezone.now()
    for start in range(0, max(missing, 0), BATCH):
        seats = range(start, min(start + BATCH, missing), 10)
        mark = secrets.token_hex(4)
        people = [User(email=f"p{mark}-{seat}@example.org", name=f"Person {seat}", password="!") for seat in seats]
        User.objects.bulk_create(people)
        licenses = License.objects.bulk_create(
            License(user=user, organization=organization, name="Studio", number=f"B-{mark}-{user.pk}")
            for user in people
        )
        Token.objects.bulk_create(
            Token(
                owner=license.user,
                license=license,
                organization=organization,
                name=f"job-{number}-{mark}",
                scope="account:read",
                digest=secrets.token_bytes(32),
                pepper=hashing.newest_pepper(),
                hint=f"trk_{secrets.token_hex(2)}…{secrets.token_hex(2)}",
                created_at=now - timedelta(days=number),
                expires_at=now + timedelta(days=90 - number),
            )
            for license in licenses
            for number in range(10)
        )


def fill_drf(missing: int) -> None:
    """One a person, as it demands."""
    people = User.objects.filter(auth_token=None).order_by("pk").values_list("pk", flat=True)
    while missing > 0:
        batch = list(people[: min(BATCH, missing)])
        if not batch:
            mark = secrets.token_hex(4)
            User.objects.bulk_create(
                User(email=f"d{mark}-{number}@example.org", password="!") for number in range(BATCH)
            )
            continue
        PlainToken.objects.bulk_create(PlainToken(user_id=pk, key=secrets.token_hex(20)) for pk in batch)
        missing -= len(batch)


def fill_knox(missing: int) -> None:
    """One a person too: it walks through all tokens of whoever calls."""
    people = User.objects.filter(auth_token_set=None).order_by("pk").values_list("pk", flat=True)
    while missing > 0:
        batch = list(people[: min(BATCH, missing)])
        AuthToken.objects.bulk_create(
            AuthToken(user_id=pk, digest=secrets.token_hex(64), token_key=secrets.token_hex(7)) for pk in batch
        )
        missing -= len(batch)


def fill_keys(missing: int) -> None:
    marks = [secrets.token_hex(4) for _ in range(max(missing, 0))]
    keys = (APIKey(id=f"{mark}.{secrets.token_hex(64)}", prefix=mark, name="job") for mark in dict.fromkeys(marks))
    APIKey.objects.bulk_create(keys, batch_size=BATCH)


def fill_oauth(missing: int) -> None:
    expires = timezone.now() + timedelta(days=90)
    people = User.objects.order_by("pk").values_list("pk", flat=True)[: max(missing, 0)]
    AccessToken.objects.bulk_create(
        (access_token(user_id=pk, token=secrets.token_urlsafe(30), expires=expires) for pk in people), batch_size=BATCH
    )


def access_token(*, token: str, **facts: Any) -> AccessToken:
    return AccessToken(token=token, token_checksum=sha256(token.encode()).hexdigest(), scope="read", **facts)


def texts_of(license: License) -> Texts:
    Token.objects.filter(license=license, revoked_at=None).update(revoked_at=timezone.now(), hold="owner")
    drf, _ = PlainToken.objects.get_or_create(user=license.user)
    _, knox = AuthToken.objects.create(user=license.user)
    _, key = APIKey.objects.create_key(name="ours")
    oauth = access_token(
        token=secrets.token_urlsafe(30), user=license.user, expires=timezone.now() + timedelta(days=90)
    )
    oauth.save()
    ours, twin = (issue(license, name) for name in ("ours", "limit"))
    header = f"Token {ours.plaintext}"
    Token.objects.filter(pk=twin.token.pk).update(digest=sha256(header.encode()).digest())
    return Texts(ours=str(ours.plaintext), limit=header, drf=drf.key, knox=knox, key=key, oauth=oauth.token)


def issue(license: License, name: str) -> lifecycle.Issued:
    return lifecycle.issue(
        actor=SYSTEM,
        license=license,
        name=name,
        scope=["account:read"],
        expires_at=timezone.now() + timedelta(days=90),
    )


def unknown_text() -> str:
    """Well formed, and nobody's."""
    return str(format.generate(PREFIX))


def mistyped(text: str) -> str:
    """One character of the middle is another: the checksum tells."""
    return text[:20] + ("b" if text[20] == "a" else "a") + text[21:]
