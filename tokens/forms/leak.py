"""The leak desk asks for a token's text, and never gives it back."""

from django import forms
from django.core.validators import MaxLengthValidator

from tokens.leaks import LONGEST_TEXT


class Unrepeated(forms.PasswordInput):
    """Shows what is typed, and never writes it into a page."""

    input_type = "text"


class LeakForm(forms.Form):
    text = forms.CharField(
        label="Token or hint",
        # Not max_length: the browser would cut a longer text, and the desk would look for something else.
        validators=[MaxLengthValidator(LONGEST_TEXT, f"At most {LONGEST_TEXT} characters: paste the token only.")],
        help_text="The token, a header or a line that holds it, or its hint. What you paste is not kept.",
        error_messages={"required": "Paste a token or its hint."},
        widget=Unrepeated({"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
