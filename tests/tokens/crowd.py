"""An organization with so many members, tokens and events that whoever reads them all is found out."""

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import AuditEvent, Invitation, License, Organization, User
from tests.factories import OrganizationFactory
from tests.tokens.plans import IS_SQLITE
from tokens.models import RefusalDay, Token, TokenAddress, TokenDay, TokenNetwork

COUNT = 6_000
ELSEWHERE = "crowd"


def gather_crowd(organization: Organization) -> None:
    """One license, token, event and so on for each member; and as many of all in another organization."""
    for place in (organization, OrganizationFactory(slug=ELSEWHERE)):
        licenses = seats_in(place)
        tokens = Token.objects.bulk_create([token(number, license) for number, license in enumerate(licenses)])
        leave_traces(tokens)
        bulk_create(AuditEvent, [event(number, each) for number, each in enumerate(tokens)])
        Invitation.objects.bulk_create([accepted_invitation(license) for license in licenses])


def names(slug: str) -> tuple[str, str]:
    """What people and tokens are called: elsewhere so as nobody is here."""
    return ("Stranger", "away") if slug == ELSEWHERE else ("Member", "job")


def seats_in(organization: Organization) -> list[License]:
    slug = organization.slug
    name, _ = names(slug)
    people = User.objects.bulk_create(
        User(email=f"{slug}{number}@example.org", name=f"{name} {number:05}", password="!") for number in range(COUNT)
    )
    EmailAddress.objects.bulk_create(EmailAddress(user=each, email=each.email, primary=True) for each in people)
    UserSession.objects.bulk_create(
        UserSession(user=each, ip="192.0.2.8", session_key=f"{each.pk:032}") for each in people
    )
    return License.objects.bulk_create(
        License(user=each, organization=organization, name="Studio", number=f"C-{each.pk}") for each in people
    )


def token(number: int, license: License) -> Token:
    """Active, used lately, and read-only."""
    now = timezone.now()
    _, name = names(license.organization.slug)
    return Token(
        owner=license.user,
        license=license,
        organization=license.organization,
        name=f"{name}-{number:05}",
        scope="account:read",
        digest=license.pk.to_bytes(32, "big"),
        pepper=1,
        hint=f"trk_{number:04}…crwd",
        created_at=now - timedelta(days=60, seconds=number),
        expires_at=now + timedelta(days=60, seconds=number),
        first_used_at=now - timedelta(days=9),
        last_used_at=now - timedelta(seconds=number),
    )


def leave_traces(tokens: list[Token]) -> None:
    now = timezone.now()
    today = now.date()
    TokenDay.objects.bulk_create(TokenDay(token=each, day=today, calls=7) for each in tokens)
    RefusalDay.objects.bulk_create(
        RefusalDay(token=each, day=today - timedelta(days=30), code="token_revoked", last_at=now) for each in tokens
    )
    TokenAddress.objects.bulk_create(TokenAddress(token=each, address="192.0.2.8", last_at=now) for each in tokens)
    TokenNetwork.objects.bulk_create(TokenNetwork(token=each, network="192.0.2.0/24", first_at=now) for each in tokens)


def event(number: int, token: Token) -> AuditEvent:
    return AuditEvent(
        occurred_at=timezone.now() - timedelta(days=40) + timedelta(seconds=number),
        action="token.created",
        actor=token.owner,
        organization=token.organization,
        address="192.0.2.8",
        token_id=token.pk,
        token_name=token.name,
        token_hint=token.hint,
        position=100_000 + number,
        key=0,
        mac=b"",
    )


def accepted_invitation(license: License) -> Invitation:
    now = timezone.now()
    return Invitation(
        organization=license.organization,
        email=license.user.email,
        license_name="Studio",
        digest=license.pk.to_bytes(32, "big"),
        invited_by=license.user,
        created_at=now,
        expires_at=now,
        accepted_at=now,
        license=license,
    )


def bulk_create(model: Any, rows: list[Any]) -> None:
    """Past the queryset that refuses it."""
    QuerySet(model).bulk_create(rows)


def gather_statistics() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def forget_statistics() -> None:
    if IS_SQLITE:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE accounts_organization")  # makes the table, where there is none
            cursor.execute("DELETE FROM sqlite_stat1")
            cursor.execute("ANALYZE sqlite_schema")
