"""How a form control is drawn: our class, and the ids of help and errors in aria-describedby."""

from django import template
from django.forms import BoundField
from django.forms.widgets import Textarea
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def control(field: BoundField, kind: str = "") -> SafeString:
    """The control of a field. `kind` adds to its class, such as "mono"."""
    name = field.id_for_label
    described = [f"{name}-help"] if field.help_text else []
    described += [
        f"{name}-error" if number == 0 else f"{name}-error-{number + 1}" for number in range(len(field.errors))
    ]
    classes = " ".join(filter(None, ["input", kind, "mono" if isinstance(field.field.widget, Textarea) else ""]))
    attributes = {"class": classes, "aria-describedby": " ".join(described) or None}
    if field.errors:
        attributes["aria-invalid"] = "true"
    return field.as_widget(attrs={key: value for key, value in attributes.items() if value})
