"""What people type about tokens. A form takes actor and license, never a request; saving is one call into lifecycle."""

from tokens.forms.acts import (
    AccountTokenForm,
    BulkRevokeForm,
    OrganizationTokenForm,
    ReapproveForm,
    ReasonForm,
    RevokeForm,
    RotateForm,
)
from tokens.forms.expiry import EXPIRY_CHOICES, end_of_day, fault_of_day
from tokens.forms.leak import LeakForm
from tokens.forms.named import TokenEditForm, TokenForm
from tokens.forms.policy import PolicyForm
from tokens.forms.seats import InviteForm, LicenseForm, ServiceAccountForm

__all__ = [
    "EXPIRY_CHOICES",
    "AccountTokenForm",
    "BulkRevokeForm",
    "InviteForm",
    "LeakForm",
    "LicenseForm",
    "OrganizationTokenForm",
    "PolicyForm",
    "ReapproveForm",
    "ReasonForm",
    "RevokeForm",
    "RotateForm",
    "ServiceAccountForm",
    "TokenEditForm",
    "TokenForm",
    "end_of_day",
    "fault_of_day",
]
