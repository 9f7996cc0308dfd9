"""The application that gunicorn serves."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from config.measuring import made_application  # noqa: E402 - what it imports reads the settings

application = made_application()
