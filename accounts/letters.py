"""How a letter leaves the house: a subject, a text and an HTML page from one folder of templates."""

import logging
import smtplib
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

logger = logging.getLogger(__name__)

FAILURES = (OSError, smtplib.SMTPException)


def send(template: str, email: str, *, time_zone: str = "", **context: Any) -> bool:
    """Write in the reader's time zone. False, and a line in the log, where the letter did not leave.

    `template` names three files, such as `accounts/email/invitation` for …_subject.txt, ….txt and ….html.
    """
    facts = {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, **context}
    with timezone.override(ZoneInfo(time_zone) if time_zone else None):
        subject = render_to_string(f"{template}_subject.txt", facts)
        letter = EmailMultiAlternatives(
            subject=" ".join(subject.split()), body=render_to_string(f"{template}.txt", facts), to=[email]
        )
        letter.attach_alternative(render_to_string(f"{template}.html", facts), "text/html")
    try:
        letter.send()
    except FAILURES as error:
        note_failure(error)
        return False
    return True


def note_failure(error: Exception) -> None:
    logger.warning("A letter could not be sent: %s", type(error).__name__)


def after_commit(write: Callable[[], object]) -> None:
    """Write when the act stands. Whatever breaks then is for the log: the act is done, and is answered."""

    def post() -> None:  # Django names it in the log, so it must have a name
        write()

    transaction.on_commit(post, robust=True)
