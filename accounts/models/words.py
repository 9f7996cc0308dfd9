"""By which words licenses and their holders are found. See config/words.py for what an entry is.

Whoever writes a license or a person writes their words with them, in `save`, `bulk_create` and `update`.
`manage.py searchwords` finds and mends what somebody wrote past them.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, Self, TypeVar

from django.db import connection, models, transaction

from config import keyset, words

Row = TypeVar("Row", bound=models.Model)

AT_ONCE = 1000
ROWS_A_STATEMENT = 200  # few enough for the parameters of one


def gathered(rows: "models.QuerySet[Any]", column: str) -> list[int] | None:
    """Their values in a column, each once; None if that is more than is counted: met wherever one looks."""
    found = list(rows.values_list(column, flat=True)[: keyset.COUNTED_AT_MOST + 1])
    return sorted(set(found)) if len(found) <= keyset.COUNTED_AT_MOST else None


class WordQuerySet(models.QuerySet[Any]):
    def beginning(self, text: str) -> Self:
        first, behind = words.bounds(text)
        return self.filter(word__gte=first, word__lt=behind)

    def gathered(self) -> list[int] | None:
        """Whose words these are. In the order of their index, or PostgreSQL would read the whole table for many."""
        return gathered(self.order_by("word"), self.model.TARGET)

    def write(self, rows: Iterable[Any]) -> None:
        """Of rows that had none."""
        self.insert([word for row in rows for word in self.model.of(row)])

    def insert(self, found: list[Any]) -> None:
        """As bulk_create does it, in a fraction of the time: each new token pays for it."""
        fields = self.model._meta.concrete_fields
        columns = ", ".join(field.column for field in fields)
        values = f"({', '.join(['%s'] * len(fields))})"
        for first in range(0, len(found), ROWS_A_STATEMENT):
            some = found[first : first + ROWS_A_STATEMENT]
            with connection.cursor() as cursor:
                cursor.execute(
                    f"INSERT INTO {self.model._meta.db_table} ({columns}) VALUES {', '.join([values] * len(some))}",  # noqa: S608
                    [getattr(word, field.attname) for word in some for field in fields],
                )

    def rewrite(self, rows: Iterable[Any]) -> int:
        """Of rows that may have others; how many words were wrong."""
        due = {(word.target, word.word): word for row in rows for word in self.model.of(row)}
        had = {(word.target, bytes(word.word)): word for word in self.of_rows(rows)}
        return self.change(due, had)

    def of_rows(self, rows: Iterable[Any]) -> "WordQuerySet":
        return self.filter(**{f"{self.model.TARGET}__in": [row.pk for row in rows]})

    def change(self, due: dict[Any, Any], had: dict[Any, Any]) -> int:
        gone = [had[key].pk for key in had.keys() - due.keys()]
        if gone:
            self.filter(pk__in=gone).delete()
        added = [due[key] for key in due.keys() - had.keys()]
        self.insert(sorted(added, key=lambda word: (word.target, word.word)))
        return len(gone) + len(added)


class SearchedQuerySet(models.QuerySet[Row]):
    """Of rows that are found by words."""

    def update(self, **fields: Any) -> int:
        model: Any = self.model
        if not fields.keys() & model.SEARCHED:
            return super().update(**fields)
        with transaction.atomic():
            keys = list(self.order_by().values_list("pk", flat=True))
            count = super().update(**fields)
            for first in range(0, len(keys), AT_ONCE):
                model.rewrite_words(model._default_manager.filter(pk__in=keys[first : first + AT_ONCE]))
        return count

    @transaction.atomic
    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Row]:
        model: Any = self.model
        created = super().bulk_create(objs, *args, **options)
        for first in range(0, len(created), AT_ONCE):
            model.write_words(created[first : first + AT_ONCE])
        return created


def reference(to: str, *, null: bool = False) -> "models.ForeignKey[Any, Any]":
    """Kept by Django alone: the database would check it by a lock on the license, taken after that on the person."""
    return models.ForeignKey(
        to, on_delete=models.CASCADE, null=null, related_name="+", db_index=False, db_constraint=False
    )


class Word(models.Model):
    """One entry. `organization` is that of the row it belongs to, and never changes."""

    TARGET: ClassVar[str]

    organization = reference("accounts.Organization", null=True)
    word = models.BinaryField(max_length=4 * words.LONGEST)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return bytes(self.word).decode(errors="replace")

    @classmethod
    def made_of(cls, target: int, organization: int | None, *texts: str) -> list[Self]:
        row: dict[str, Any] = {cls.TARGET: target, "organization_id": organization}
        return [cls(**row, word=word) for word in words.entries(*texts)]

    @property
    def target(self) -> int:
        key: int = getattr(self, self.TARGET)
        return key


class LicenseWord(Word):
    """Of what a license of an organization is called."""

    TARGET = "license_id"

    pk = models.CompositePrimaryKey("license_id", "word")
    license = reference("accounts.License")

    objects = WordQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organization", "word", "license"], name="licenseword_word")]

    @classmethod
    def of(cls, license: Any) -> "list[LicenseWord]":
        if license.organization_id is None:
            return []
        return cls.made_of(license.pk, license.organization_id, license.name, license.number)


class PersonWord(Word):
    """Of who holds a license of an organization."""

    TARGET = "license_id"

    pk = models.CompositePrimaryKey("license_id", "word")
    license = reference("accounts.License")

    objects = WordQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organization", "word", "license"], name="personword_word")]

    @classmethod
    def of(cls, license: Any) -> "list[PersonWord]":
        if license.organization_id is None:
            return []
        return cls.made_of(license.pk, license.organization_id, license.user.name, license.user.shown_email)
