"""The application without any middleware, for the limit and the peers."""

import django
from django.core.handlers.wsgi import WSGIHandler
from django.test.utils import override_settings

django.setup()  # with all of it: django-allauth looks whether its own is there
with override_settings(MIDDLEWARE=[]):
    application = WSGIHandler()
