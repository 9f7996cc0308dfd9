# reports/settings.py
from config.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "reports", "rest_framework"]
ROOT_URLCONF = "reports.urls"
TOKEN_RESOURCES = {**TOKEN_RESOURCES, "reports": "Reports of every month"}
