"""Letters about tokens: a subject, a text and an HTML page from `templates/tokens/email/`. Never a secret in them."""

import logging
import smtplib
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import User

logger = logging.getLogger(__name__)


def send(name: str, person: User, **context: Any) -> bool:
    """Write to a person in their own time zone. False, and a line in the log, where the letter did not leave."""
    facts = {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, "person": person, **context}
    with timezone.override(ZoneInfo(person.time_zone) if person.time_zone else None):
        subject = render_to_string(f"tokens/email/{name}_subject.txt", facts)
        letter = EmailMultiAlternatives(
            subject=" ".join(subject.split()),
            body=render_to_string(f"tokens/email/{name}.txt", facts),
            to=[person.email],
        )
        letter.attach_alternative(render_to_string(f"tokens/email/{name}.html", facts), "text/html")
    try:
        letter.send()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("A letter about a token could not be sent: %s", type(error).__name__)
        return False
    return True
