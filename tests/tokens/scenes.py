"""What befalls a token in the tests of its life."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import License
from tests.factories import issue
from tokens.models import State, Token

DAY = timedelta(days=1)


def state_of(token: Token) -> State:
    return Token.objects.with_surroundings().get(pk=token.pk).state(timezone.now())


def hold_of(token: Token) -> str:
    return Token.objects.get(pk=token.pk).hold


def let_expire(token: Token) -> None:
    now = timezone.now()
    Token.objects.filter(pk=token.pk).update(created_at=now - 2 * DAY, expires_at=now - DAY)


def fill(license: License) -> list[Token]:
    return [issue(license, name=f"token {number}").token for number in range(license.allowance)]
