"""What people change about themselves."""

from typing import Any

from django.db import transaction

from accounts import audit, service_accounts
from accounts.actor import Actor
from accounts.models import User


@transaction.atomic
def edit(person: User, *, actor: Actor, token: Any = None, **fields: str | bool) -> None:
    """Set the fields that differ, and say in the audit log what they were, and by which token, if by one.

    Raises SeatRefused where a service account would take the name of another one.
    """
    if person.is_service_account and "name" in fields:
        service_accounts.check_new_name(person, str(fields["name"]))
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if person.is_closed:
        return  # in another browser, while this form was on its way
    changes = {name: [getattr(person, name), value] for name, value in fields.items() if getattr(person, name) != value}
    if not changes:
        return
    for name, value in fields.items():
        setattr(person, name, value)
    person.save(update_fields=list(changes))
    audit.record_about_person("account.edited", person, actor=actor, token=token, changes=changes)
