"""Allowed IP ranges, typed one a line."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tokens import networks


class RangesField(forms.CharField):
    """Gives canonical ranges; the error names the line that is none."""

    def __init__(self, **options: Any) -> None:
        lines = forms.Textarea({"rows": 3, "spellcheck": "false"})
        super().__init__(label="Allowed IP ranges", required=False, max_length=4000, widget=lines, **options)

    def clean(self, value: Any) -> list[str]:
        try:
            return networks.parse_lines(super().clean(value))
        except networks.NetworkError as error:
            raise ValidationError(str(error)) from None
