"""A call that was let in is noted: in the ledger, and at once if it is the first of its token."""

import logging
from datetime import datetime

from django.db import Error

from tokens import lifecycle
from tokens.ledger import ledger
from tokens.models import Token

logger = logging.getLogger(__name__)


def note_use(token: Token, *, now: datetime, address: str, user_agent: str, method: str) -> None:
    if token.first_used_at is None:
        try:
            lifecycle.note_first_use(token=token, now=now, address=address or None)
        except Error as error:  # the call is answered all the same; the next one tries again
            logger.warning("The first use of a token could not be written: %s", type(error).__name__)
    ledger.note_call(token, now=now, address=address, user_agent=user_agent, method=method)
