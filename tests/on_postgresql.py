"""Tests on a real PostgreSQL, started for them: `python -m tests.on_postgresql [what pytest is told]`.

`--chosen` stands for the tests that a database can fail. `make test` runs those; `make test-postgresql` runs all.
"""

import os
import subprocess
import sys

from tests.server.postgresql import PostgreSQL

CHOSEN = [
    "tests/accounts/test_audit.py",
    "tests/accounts/test_audit_chain.py",
    "tests/accounts/test_audit_migration.py",
    "tests/accounts/test_audit_triggers.py",
    "tests/accounts/test_closing.py",
    "tests/accounts/test_invitations.py",
    "tests/accounts/test_license.py",
    "tests/accounts/test_seats.py",
    "tests/accounts/test_second_factor.py",
    "tests/accounts/test_user.py",
    "tests/accounts/test_words.py",
    "tests/config/test_choice.py",
    "tests/config/test_keyset.py",
    "tests/tokens/api/organization/test_lists.py",
    "tests/tokens/api/organization/test_members.py",
    "tests/tokens/api/test_own_tokens.py",
    "tests/tokens/commands/test_importtokens.py",
    "tests/tokens/commands/test_revoketokens.py",
    "tests/tokens/pages/test_audit_log.py",
    "tests/tokens/pages/test_bulk.py",
    "tests/tokens/pages/test_inventory.py",
    "tests/tokens/pages/test_lists.py",
    "tests/tokens/test_allowance_under_load.py",
    "tests/tokens/test_attention.py",
    "tests/tokens/test_awkward_input.py",
    "tests/tokens/test_charts.py",
    "tests/tokens/test_kept_rows.py",
    "tests/tokens/test_ledger.py",
    "tests/tokens/test_lifecycle_account_token.py",
    "tests/tokens/test_lifecycle_issue.py",
    "tests/tokens/test_lifecycle_revoke.py",
    "tests/tokens/test_lookup.py",
    "tests/tokens/test_models.py",
    "tests/tokens/test_personal_data.py",
    "tests/tokens/test_plans.py",
    "tests/tokens/test_policy.py",
    "tests/tokens/test_rotation.py",
    "tests/tokens/test_search.py",
    "tests/tokens/test_word_plans.py",
    "tests/tokens/test_words.py",
    "tests/test_upgrade.py",
]


def main(arguments: list[str]) -> int:
    told = [word for argument in arguments for word in (CHOSEN if argument == "--chosen" else [argument])]
    postgresql = PostgreSQL()
    try:
        postgresql.start()
        environment = os.environ | {"DATABASE_URL": postgresql.url}
        return subprocess.run([sys.executable, "-m", "pytest", *told], env=environment).returncode
    finally:
        postgresql.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
