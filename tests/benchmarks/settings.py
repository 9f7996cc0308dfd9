"""Our settings, with the peers installed beside us. What they need of middleware is nothing at all: see bare.py."""

import os

os.environ.setdefault("SITE_URL", "http://localhost:8000")
os.environ.setdefault("SECRET_KEY", "only-for-benchmarks-" + "0" * 40)
os.environ.setdefault("TOKEN_PEPPERS", "1:" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
os.environ.setdefault("ENV_FILE", "none")
os.environ.setdefault("API_CALLS_PER_MINUTE", "1000000")  # counted as ever, reached never
os.environ.setdefault("API_REFUSALS_PER_MINUTE", "1000000")
os.environ.setdefault("TOKEN_ISSUES_PER_HOUR", "1000000")
os.environ.setdefault("LOG_LEVEL", "ERROR")

from config.settings import *  # noqa: F403
from config.settings import DATABASES, INSTALLED_APPS, STORAGES

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "rest_framework",
    "rest_framework.authtoken",
    "rest_framework_api_key",
    "knox",
    "oauth2_provider",
]
ROOT_URLCONF = "tests.benchmarks.urls"
ALLOWED_HOSTS = ["*"]
REST_FRAMEWORK = {"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]}
DATABASES["default"]["TEST"] = {"NAME": DATABASES["default"]["NAME"]}
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
