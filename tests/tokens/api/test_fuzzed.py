"""The whole API against its own description: whatever is sent, valid or not, is answered as it says.

`FUZZ_EXAMPLES=200 .venv/bin/python -m pytest tests/tokens/api/test_fuzzed.py` tries harder.
"""

import os
from typing import Any

import pytest
import schemathesis
from django.conf import settings as chosen
from django.db import transaction
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis.config import SchemathesisConfig

from accounts.models import Invitation, License, User
from config.wsgi import application
from tests.factories import LicenseFactory, invite, issue, service_account
from tests.tokens.api.scripts import account_script, script_of
from tokens.models import Token

FEW = 4
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", FEW))
TOKEN, LICENSE, INVITATION = 4100, 4200, 4300
# What a schema cannot say: that a cursor is one of ours, that a name is free, that somebody looked before.
REFUSED = ["409", "412", "422", "428"]

config = SchemathesisConfig.from_dict(
    {
        "generation": {
            "max-examples": EXAMPLES,
            "deterministic": EXAMPLES <= FEW,
            "with-security-parameters": False,  # the test sends a real token; a second credential would be 400
        },
        "phases": {"coverage": {"enabled": EXAMPLES > FEW}},
        "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", *REFUSED]}},
        "parameters": {
            "path.slug": "meridian",
            "path.token_id": TOKEN,
            "path.license_id": LICENSE,
            "path.invitation_id": INVITATION,
        },
    }
)
description = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application, config=config)


pytestmark = pytest.mark.usefixtures("one_connection")


@pytest.fixture(params=["administrator", "member"])
def authorization(request: pytest.FixtureRequest, settings: Any, alices_license: License, bob: User) -> str:
    """Of an administrator's account token, or of a member's named one; each finds what the addresses are about."""
    for name in dir(chosen):
        if name.endswith(("_PER_MINUTE", "_PER_HOUR")):
            setattr(settings, name, 1_000_000)
    organization = alices_license.organization
    LicenseFactory(id=LICENSE, organization=organization)
    Invitation.objects.filter(pk=invite(organization, bob).pk).update(id=INVITATION)
    if request.param == "administrator":
        number(issue(service_account(organization), "deploy").token)
        return f"Bearer {account_script(bob).issued.plaintext}"
    number(issue(alices_license, "export").token)
    return f"Token {script_of(alices_license, 'account:write tokens:write').issued.plaintext}"


def number(token: Token) -> None:
    Token.objects.filter(pk=token.pk).update(id=TOKEN)


@description.parametrize()
# Each example is taken back.
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_it_is_answered_as_described(case: Any, authorization: str) -> None:
    with transaction.atomic():
        case.call_and_validate(headers={"Authorization": authorization})
        transaction.set_rollback(True)
