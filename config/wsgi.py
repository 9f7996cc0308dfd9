"""The application that gunicorn serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.measuring import measured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = measured(get_wsgi_application(), settings.API_PATH_PREFIX)
