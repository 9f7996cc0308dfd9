"""That an organization asks for two-factor, said where its members pass by. Built in, for pages of accounts too."""

from django import template

from accounts.models import User
from tokens.demands import Demand, demands_of

register = template.Library()


@register.simple_tag
def second_factor_demands(person: User) -> list[Demand]:
    return demands_of(person)


@register.inclusion_tag("tokens/_second_factor_asked.html")
def second_factor_asked(person: User) -> dict[str, list[Demand]]:
    """Nothing for who has set it up."""
    return {"demands": [] if person.second_factor_at else demands_of(person)}
