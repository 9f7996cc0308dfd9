"""Which texts of other systems a call may bring, beside look-up and hashing.

A text that is not ours costs a query only where tokens of its shape were taken over. Which shapes those are is
remembered for a few seconds, so that an import counts in every process without a restart.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from tokens import shapes
from tokens.models import TextShape
from tokens.shapes import Shape

ASKED_AGAIN_AFTER = timedelta(seconds=3)


class KnownShapes:
    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Moment and answer are one value, so that threads never see one without the other."""
        self.remembered: tuple[datetime | None, list[Shape]] = (None, [])

    def ask(self) -> list[Shape]:
        self.remembered = (timezone.now(), [Shape.named(name) for name in TextShape.objects.values_list(flat=True)])
        return self.remembered[1]

    def recall(self) -> list[Shape]:
        asked_at, found = self.remembered
        is_fresh = asked_at is not None and timedelta(0) <= timezone.now() - asked_at < ASKED_AGAIN_AFTER
        return found if is_fresh else self.ask()


known = KnownShapes()


def digests(text: str) -> list[bytes]:
    """What the text may be stored as; nothing where no token of its shape was taken over."""
    return digests_among(known.recall(), text) if shapes.is_foreign(text) else []


def digests_among(known: Iterable[Shape], text: str) -> list[bytes]:
    kinds = sorted({shape.is_hashed for shape in known if shape.fits(text)})
    return [
        shapes.digest_of_text(text, pepper, is_hashed=is_hashed)
        for is_hashed in kinds
        for pepper in settings.TOKEN_PEPPERS
    ]
