"""Write `.env` with random secrets, once. Run as `python -m config.first_env`; never touches a file that is there."""

import base64
import os
import secrets
from pathlib import Path

ENV_FILE = Path(__file__).resolve().parent.parent / ".env"

TEXT = """\
# The secrets of this installation, made at the first start. Keep this file, and a copy of it where your backups are:
# without the peppers no stored token can be recognised any more, and without MFA_KEYS no authenticator app.
# README, Settings explains every line.
SECRET_KEY={secret_key}
TOKEN_PEPPERS=1:{pepper}
ACCOUNT_TOKEN_KEYS={account_token_key}
MFA_KEYS={mfa_key}
TOKEN_EXTRA_HEADERS=api-token,X-API-Key
"""


def random_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def write(path: Path) -> bool:
    """Create the file with mode 600; False where it exists."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(
            TEXT.format(
                secret_key=secrets.token_urlsafe(50),
                pepper=random_key(),
                account_token_key=random_key(),
                mfa_key=random_key(),
            )
        )
    return True


if __name__ == "__main__":
    write(ENV_FILE)
