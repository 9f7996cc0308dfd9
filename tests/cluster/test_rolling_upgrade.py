"""The next release comes while calls go on: first its migrations, which only add, then one server after the other.

It is made up here: today's code with a migration more, whose columns it reads and writes, and an index and a table.
Today's code is the release before: it goes on beside the next one, on tables that have grown under its prepared
statements. At last the next release goes again.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from django.conf import settings

from tests.cluster.cluster import Cluster, Load, call, statuses
from tests.cluster.conftest import Person
from tests.server.app import Server

NOTE = "by the next release"
MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("tokens", "{0}")]
    operations = [
        migrations.AddField("token", "next_note", models.CharField(max_length=40, null=True)),
        migrations.AddField("token", "next_count", models.PositiveIntegerField(db_default=0)),
        migrations.AddIndex("token", models.Index(fields=["next_note"], name="token_next_note")),
        migrations.CreateModel("NextNote", [("id", models.BigAutoField(primary_key=True)),
            ("token", models.ForeignKey("tokens.Token", models.CASCADE))]),
    ]
"""
APP = f"""
from django.apps import AppConfig
from django.db import models

class NextRelease(AppConfig):
    name = "next_release"

    def ready(self):
        from tokens.models import Token

        Token.add_to_class("next_note", models.CharField(max_length=40, null=True, default="{NOTE}"))
        Token.add_to_class("next_count", models.PositiveIntegerField(db_default=0))
"""
SETTINGS = """
from config.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "next_release"]
MIGRATION_MODULES = {"tokens": "next_migrations"}
"""
GENTLY = {"threads": 2, "pause_seconds": 0.02}


class NextRelease:
    """Today's code with one migration more."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.cluster = cluster
        app, migrations = folder / "next_release", folder / "next_migrations"
        app.mkdir()
        migrations.mkdir()
        files = sorted((settings.BASE_DIR / "tokens" / "migrations").glob("*.py"))
        for file in files:
            copy(file, migrations)
        self.before = max(file.stem for file in files if file.stem[0].isdigit())
        (migrations / "9999_next.py").write_text(MIGRATION.format(self.before))
        (app / "apps.py").write_text(APP)
        (folder / "next_settings.py").write_text(SETTINGS)
        self.choices = {"DJANGO_SETTINGS_MODULE": "next_settings", "PYTHONPATH": f"{folder}:{settings.BASE_DIR}"}

    def migrate(self, *to: str) -> None:
        whole = Server(self.cluster.servers[0].folder, self.cluster.servers[0].choices | self.choices)
        whole.run("manage.py", "migrate", *to, "--verbosity", "0")

    def come_to(self, server: Server) -> None:
        self.restart(server, server.choices | self.choices)

    def leave(self, server: Server) -> None:
        self.restart(server, {name: value for name, value in server.choices.items() if name not in self.choices})

    def restart(self, server: Server, choices: dict[str, str]) -> None:
        server.end()
        server.choices = choices
        server.start()


@pytest.fixture
def next_release(tmp_path: Path, cluster: Cluster) -> Iterator[NextRelease]:
    release = NextRelease(tmp_path, cluster)
    yield release
    for server in cluster.servers:
        if release.choices.items() <= server.choices.items():
            release.leave(server)
    release.migrate("tokens", release.before)


def test_no_call_is_refused_while_the_next_release_comes_and_goes(
    cluster: Cluster, people: dict[str, Person], next_release: NextRelease
) -> None:
    front, many, numbers = cluster.front.port, people["many"], count()
    texts = [person[kind] for person in people.values() for kind in ("named", "account")]
    written: list[Any] = []

    def make_and_stop(_: int) -> object:
        made = call(front, many["account"], "tokens", {"name": f"u{next(numbers)}", "scopes": ["account:read"]})
        return made if made.status != 201 else call(front, made.body["plaintext"], "tokens/self/revoke", {})

    def write() -> None:
        with Load(make_and_stop, **GENTLY) as writing:
            writing.wait_for(20)
        written.extend(answer for _, answer in writing.seen)

    def notes() -> set[str | None]:
        rows = cluster.ask("SELECT DISTINCT next_note FROM tokens_token WHERE license_id = %s", many["license"])
        return {note for (note,) in rows}

    with Load(lambda _: call(front, texts[next(numbers) % len(texts)]), **GENTLY) as reading:
        with Load(make_and_stop, **GENTLY) as writing:
            writing.wait_for(20)
            next_release.migrate()
            writing.wait_for(20)
        assert notes() == {None}
        for server in cluster.servers:
            next_release.come_to(server)
            write()
        assert notes() == {None, NOTE}
        for server in cluster.servers:
            next_release.leave(server)
            write()
        next_release.migrate("tokens", next_release.before)
        reading.wait_for(50)
        write()

    answers = [answer for _, answer in reading.seen + writing.seen]
    assert statuses([*answers, *written]) == {200}
    assert "BROKEN" not in cluster.servers[0].run("manage.py", "verifyaudit")
