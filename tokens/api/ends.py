"""When something ends that a program makes: as it says, or as late as is usual and allowed."""

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import License
from tokens.api.errors import Unprocessable
from tokens.api.schemas import TokenDraft
from tokens.lifecycle import LATEST_EXPIRY_YEARS, LONGEST_LIFE
from tokens.models import Policy
from tokens.requests import CallRequest

DAYS_BY_DEFAULT = timedelta(days=60)


def chosen_end(request: CallRequest, draft: TokenDraft, license: License) -> datetime | None:
    now = timezone.now()
    if "expires_at" in draft.model_fields_set:
        check_not_too_late("/expires_at", draft.expires_at)
        return draft.expires_at
    policy = Policy.of(license.organization)
    longest = (policy and policy.lifetime) or DAYS_BY_DEFAULT
    return min(filter(None, [now + min(longest, DAYS_BY_DEFAULT), request.token.ends_at]))


def check_not_too_late(pointer: str, end: datetime | None) -> None:
    if end and end > timezone.now() + LONGEST_LIFE:
        raise Unprocessable(pointer, f"At most {LATEST_EXPIRY_YEARS} years. Or null, for never.")
