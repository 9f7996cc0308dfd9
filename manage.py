#!/usr/bin/env python
"""The command line of Tokenrack."""

import os
import sys

from config.environment import SettingError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except SettingError as error:
        sys.exit(f"Tokenrack cannot start: {error}")


if __name__ == "__main__":
    main()
