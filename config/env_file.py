"""Changing one line of `.env`, so that whoever reads it meanwhile sees the old file or the new one."""

import contextlib
import os
import re
from pathlib import Path


class EnvFileError(Exception):
    """The file cannot be changed. The text says why, and repeats no value."""


def path() -> Path:
    """The file that the settings were read from."""
    return Path(os.environ.get("ENV_FILE", Path(__file__).resolve().parent.parent / ".env"))


def line_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"^((?:export )?{re.escape(name)}=)(['\"]?)(.*?)\2[ \t]*$", re.MULTILINE)


def value_in(file: Path, name: str) -> str | None:
    """What the file says; None where it says nothing, or the setting twice."""
    try:
        found = line_of(name).findall(file.read_text())
    except OSError:
        return None
    return found[0][2] if len(found) == 1 else None


def replace(file: Path, name: str, value: str) -> None:
    """Everything else stays as it is, owner and permissions too."""
    file = file.resolve()
    fresh = file.with_name(f"{file.name}.new")
    try:
        text, facts = file.read_text(), file.stat()
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise EnvFileError(f"{fresh} is there: somebody else is changing {file.name}, or was cut off.") from None
    except OSError as error:
        raise EnvFileError(f"{file} cannot be changed: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "w") as written:
            written.write(line_of(name).sub(lambda found: f"{found[1]}{found[2]}{value}{found[2]}", text))
            written.flush()
            with contextlib.suppress(PermissionError):
                os.fchown(descriptor, facts.st_uid, facts.st_gid)
            os.fchmod(descriptor, facts.st_mode & 0o777)
            os.fsync(descriptor)
        fresh.replace(file)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise EnvFileError(f"{file} cannot be changed: {error.strerror}.") from None
