"""Finding the tokens that a text is about: for an administrator, within what one organization governs.

The text is looked at and forgotten: it is never stored, logged or handed on. What was found is named by a signed proof,
so that nobody stops a token by counting ids: an account token, which serves other organizations too, only by its text.
"""

import re
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.core import signing
from django.db.models import Q
from django.views.decorators.debug import sensitive_variables

from accounts.models import License, Organization, User
from tokens import foreign, format, hashing
from tokens.models import Token, TokenQuerySet
from tokens.shapes import Shape

SALT = "tokens.leaks"
PROOF_SECONDS = 3600
LONGEST_TEXT = 500
TOKENS_FOUND = 20
DIGESTS_AT_ONCE = 500  # SQLite may be built for 999 parameters
# A text of another system that was taken over, which our pattern does not know: any long enough word may be one, as it
# stands there, or without the quotes and signs around it.
WORDS = (
    re.compile(r"[!-+\--~]{16,500}"),
    re.compile(r"[\w.~+/-]{16,500}", re.ASCII),
    re.compile(r"[\w-]{16,500}", re.ASCII),
)
HINT = re.compile(r"((?:sha512:)?[\w-]{2,20})(?:…|\.{3})(\w{0,4})(?!\w)")


def governed_by(organization: Organization) -> TokenQuerySet:
    """The named tokens on its licenses, and the account tokens of people who hold one that is in force."""
    people = License.objects.in_force().filter(organization=organization).values("user")
    return Token.objects.filter(Q(license__organization=organization) | Q(license=None, owner__in=people))


@sensitive_variables()
def find(text: str, organization: Organization) -> list[Token]:
    """By the whole text of a token, wherever it stands in the line; without one, by hints, which several may share."""
    known = governed_by(organization).with_surroundings().order_by("-pk")
    found = list(known.filter(digest__in=digests_in(text)))
    named = known.filter(organization=organization)
    return found or list(named.filter(hint__in=hints_in(text))[:TOKENS_FOUND])


@sensitive_variables()
def recognised(texts: Iterable[str]) -> Iterator[Token]:
    """The tokens whose whole text stands in one of the texts, wherever they belong; each once."""
    digests = sorted(set(digests_in("\n".join(texts))))
    for start in range(0, len(digests), DIGESTS_AT_ONCE):
        chosen = digests[start : start + DIGESTS_AT_ONCE]
        yield from Token.objects.filter(digest__in=chosen).select_related("license", "owner").order_by("pk")


def proof_of(token: Token, organization: Organization, finder: User) -> str:
    return signing.dumps([token.pk, organization.pk, finder.pk], salt=SALT)


def proven(proof: str, organization: Organization, finder: User) -> Token | None:
    """The token that this person found in this organization a short while ago."""
    try:
        pk, *place = signing.loads(proof, salt=SALT, max_age=PROOF_SECONDS)
    except signing.BadSignature:
        return None
    known = governed_by(organization).with_surroundings()
    return known.filter(pk=pk).first() if place == [organization.pk, finder.pk] else None


@sensitive_variables()
def digests_in(text: str, known: Iterable[Shape] | None = None) -> list[bytes]:
    """Of our own tokens in the text, and of what may be taken over; `known` are the shapes, asked for if not given."""
    known = foreign.known.ask() if known is None else known
    own = set(re.findall(format.pattern(settings.TOKEN_PREFIX), text, re.ASCII))
    others = {word for pattern in WORDS for word in pattern.findall(text)} - own
    found = [digest for word in own for digest in hashing.digests(word)]
    return found + [digest for word in others for digest in foreign.digests_among(known, word)]


def hints_in(text: str) -> set[str]:
    whole = text.strip().replace("...", "…")
    return {f"{head}…{tail}" for head, tail in HINT.findall(text)} | ({whole} if "…" in whole else set())
