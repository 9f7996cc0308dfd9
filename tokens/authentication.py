"""On the way of a call, between middleware and models: header text and facts in, token or refusal out.

Pure decision: the clock and the address are passed in, and nothing is written.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from config.quick import settings
from tokens import foreign, format, hashing, networks, refusals, scopes
from tokens.lookup import find_token
from tokens.models import Policy, State, Token
from tokens.refusals import Refused

# A pasted header value that carries its own scheme is common enough ("Bearer Token trk_…") to be understood.
AUTHORIZATION = re.compile(r"(?:(?:token|bearer) +){1,2}([!-+\--~]{1,500})", re.IGNORECASE | re.ASCII)
BARE = re.compile(r"(?:(?:token|bearer) +)?([!-+\--~]{1,500})", re.IGNORECASE | re.ASCII)

OURS = re.compile(r"[ \t]*(?:token|bearer)(?![^ \t])", re.IGNORECASE | re.ASCII)
QUOTED = re.compile(r'"(?:[^"\\]|\\.?)*+"?')
CREDENTIAL = re.compile(r"[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]+[^=, \t]")

Gate = Callable[[list[bytes]], None]


def open_to_all(digests: list[bytes]) -> None:
    """A gate that stops nobody."""


def authenticate(
    text: str | None, *, now: datetime, address: str, reads_me: bool = False, gate: Gate = open_to_all
) -> Token | None:
    """The token of the call, None where it brings no credential; raises Refused for one that is not good.

    `reads_me`: the call asks whom the token stands for, which is all that one may do that awaits approval.
    `gate` may refuse to look for the digests of a text that is well formed.
    """
    if text is None:
        return None
    token = recognise(text, gate)
    check(token, now=now, address=address, reads_me=reads_me)
    return token


def read_credential(headers: Mapping[str, str]) -> str | None:
    """The one credential of a request. `headers` looks names up in any case."""
    found = [(name, headers[name]) for name in ("Authorization", *settings.TOKEN_EXTRA_HEADERS) if name in headers]
    if not found:
        return None
    name, value = found[0]
    if len(found) > 1 or holds_several(value, is_bare=name != "Authorization"):
        raise Refused(refusals.AMBIGUOUS)
    pattern = AUTHORIZATION if name == "Authorization" else BARE
    match = pattern.fullmatch(value.strip(" \t"))
    if match is None:
        raise Refused(refusals.INVALID)
    return match[1]


def holds_several(value: str, *, is_bare: bool) -> bool:
    """Servers join a repeated header with commas, which no token holds. A credential of another scheme may hold some.

    RFC 9110, section 11.4: what stands behind its commas are parameters, `name=value`; another word begins another one.
    """
    if "," not in value:
        return False
    first, *others = QUOTED.sub("", value).split(",")
    return is_bare or OURS.match(first) is not None or any(CREDENTIAL.match(other) for other in others)


def recognise(text: str, gate: Gate = open_to_all) -> Token:
    """Only the holder of the real secret gets further than this.

    A wrong checksum costs no query, nor does a text of another system where none like it was taken over.
    """
    is_own = format.is_well_formed(text, settings.TOKEN_PREFIX)
    digests = hashing.digests(text) if is_own else foreign.digests(text)
    if not digests:
        raise Refused(refusals.INVALID)
    gate(digests)
    token = find_token(digests)
    if token is None:
        raise Refused(refusals.INVALID)
    return token


def check(token: Token, *, now: datetime, address: str, reads_me: bool = False) -> None:
    if token.clearances and token.clearances.hold(address, now):
        return
    state = token.state(now)
    match state:
        case State.REVOKED:
            raise Refused(refusals.REVOKED, token=token)
        case State.EXPIRED:
            raise Refused(refusals.EXPIRED, token=token)
        case State.SUSPENDED:
            reason = refusals.LICENSE_INACTIVE if token.owner.is_active else refusals.OWNER_INACTIVE
            raise Refused(reason, token=token)
        case State.BLOCKED:
            check_policy(token, token.policy, now=now, address=address)
        case State.PENDING if not reads_me:
            raise Refused(refusals.APPROVAL_PENDING, token=token)
    if not networks.contain(token.allowed_networks, address):
        raise Refused(refusals.ADDRESS_DENIED, token=token)
    check_policy(token, token.policy, now=now, address=address)
    if token.clearances and state != State.PENDING:
        token.clearances.add(token, address, now)


def check_policy(token: Token, policy: Policy | None, *, now: datetime, address: str) -> None:
    """Refuse what a policy keeps back: its organization's own tokens, and account tokens that reach into it."""
    if policy is None:
        return
    if rule := policy.block_of(token, now):
        raise Refused(refusals.POLICY_BLOCKED, token=token, rule=rule)
    if not networks.contain(policy.allowed_networks, address):
        raise Refused(refusals.ADDRESS_DENIED, token=token)


def require_scope(token: Token | None, scope: str) -> Token:
    """The token, if it is there and allows this; the refusal names the scope that would do."""
    if token is None:
        raise Refused(refusals.MISSING)
    if scope and not scopes.allows(token.scopes, scope):
        raise Refused(refusals.SCOPE_MISSING, token=token, scope=scope)
    if scope and scopes.is_withheld(scope, token.withheld):
        raise Refused(refusals.PERMISSION_WITHHELD, token=token)
    return token
