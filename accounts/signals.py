"""What accounts tell the rest of the house, inside their own transaction."""

from django.dispatch import Signal

# license: License, actor: Actor. Sent in the transaction that switches the license off.
license_deactivated = Signal()

# user: User, actor: Actor. Sent in the transaction that switches the person off.
user_deactivated = Signal()

# license: License, actor: Actor. Sent in the transaction that takes the license from its holder for good.
license_withdrawn = Signal()
