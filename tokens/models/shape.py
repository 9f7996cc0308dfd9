"""The shapes of texts that were taken over from other systems."""

from django.db import models


class TextShape(models.Model):
    """A row for each shape there ever was a token of, so that a call asks a small table and not the tokens."""

    name = models.CharField(max_length=20, primary_key=True)

    def __str__(self) -> str:
        return self.name
