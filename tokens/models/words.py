"""By which words tokens are found, and events of the audit log that name them."""

from typing import Any

from django.db import models
from django.db.models import Q

from accounts.models.words import Word, WordQuerySet, reference


class TokenWordQuerySet(WordQuerySet):
    def of_today(self) -> "TokenWordQuerySet":
        return self.filter(is_former=False)

    def of_former(self) -> "TokenWordQuerySet":
        return self.filter(is_former=True)

    def change(self, due: dict[Any, Any], had: dict[Any, Any]) -> int:
        """A name that a token had before stays behind for the log, which tells of the token under it."""
        misplaced = [word for key, word in had.items() if word.is_former is (key in due)]
        for word in misplaced:
            word.is_former = not word.is_former
            word.save(update_fields=["is_former"])
        return len(misplaced) + super().change(due, {key: had[key] for key in had.keys() & due.keys()})


class TokenWord(Word):
    """Those of account tokens are of no organization: the log of each that their owner belongs to names them."""

    TARGET = "token_id"

    pk = models.CompositePrimaryKey("token_id", "word")
    token = reference("tokens.Token")
    is_former = models.BooleanField(default=False)

    objects = TokenWordQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "word", "token"], condition=Q(is_former=False), name="tokenword_word"),
            models.Index(
                fields=["organization", "word", "token"], condition=Q(is_former=True), name="tokenword_former"
            ),
        ]

    @classmethod
    def of(cls, token: Any) -> "list[TokenWord]":
        if token.organization_id is None and token.license_id is not None:
            return []  # on an individual license: in nobody's inventory, and in no log that is searched
        return cls.made_of(token.pk, token.organization_id, token.name, token.hint)
