"""Another system: a database with the genuine tables of Django REST framework and knox, made by their own migrations.

Run as `python -m tests.tokens.commands.other_system FILE`; prints the texts of its tokens, which only it knows.
"""

import json
import sys
from datetime import timedelta

import django
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

if __name__ == "__main__":
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "rest_framework",
            "rest_framework.authtoken",
            "knox",
        ],
        SECRET_KEY="of another system",
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", verbosity=0)

    from django.contrib.auth.models import User
    from knox.models import AuthToken
    from rest_framework.authtoken.models import Token

    texts: dict[str, str] = {}
    people = {name: User.objects.create_user(name, f"{name.title()}@example.org") for name in ("alice", "bob", "erin")}
    for name, person in people.items():
        texts[f"authtoken {name}"] = Token.objects.create(user=person).key
    texts["knox alice"] = AuthToken.objects.create(people["alice"])[1]
    texts["knox alice endless"] = AuthToken.objects.create(people["alice"], expiry=None)[1]
    texts["knox alice prefixed"] = AuthToken.objects.create(people["alice"], prefix="old.")[1]
    _, texts["knox bob expired"] = AuthToken.objects.create(people["bob"], expiry=timedelta(seconds=-1))
    User.objects.filter(username="erin").update(is_active=False)
    Token.objects.update(created=timezone.now() - timedelta(days=900))
    sys.stdout.write(json.dumps(texts))
