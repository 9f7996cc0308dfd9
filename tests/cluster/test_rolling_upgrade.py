"""The next release comes while calls go on: first its migrations, which only add, then one server after the other.

Its migration is made up here: a column, an index and a table, as an additive one may bring. The servers of today go on
with prepared statements on a table that has grown under them.
"""

from itertools import count
from pathlib import Path
from shutil import copy

import pytest
from django.conf import settings

from tests.cluster.cluster import Cluster, Load, call, statuses
from tests.cluster.conftest import Person

NEXT = """
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
SETTINGS = """
from config.settings import *

MIGRATION_MODULES = {"tokens": "next_migrations"}
"""
GENTLY = {"threads": 2, "pause_seconds": 0.02}


class NextRelease:
    """Today's code with one migration more."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.cluster = cluster
        package = folder / "next_migrations"
        package.mkdir()
        files = sorted((settings.BASE_DIR / "tokens" / "migrations").glob("*.py"))
        for file in files:
            copy(file, package)
        self.today = max(file.stem for file in files if file.stem[0].isdigit())
        (package / "9999_next.py").write_text(NEXT.format(self.today))
        (folder / "next_settings.py").write_text(SETTINGS)
        self.choices = {"DJANGO_SETTINGS_MODULE": "next_settings", "PYTHONPATH": f"{folder}:{settings.BASE_DIR}"}

    def migrate(self, *to: str) -> None:
        server = self.cluster.servers[0]
        before = server.choices
        server.choices = before | self.choices
        try:
            server.run("manage.py", "migrate", *to, "--verbosity", "0")
        finally:
            server.choices = before


@pytest.fixture
def next_release(tmp_path: Path, cluster: Cluster) -> NextRelease:
    return NextRelease(tmp_path, cluster)


def test_no_call_is_refused_while_the_next_release_comes(
    cluster: Cluster, people: dict[str, Person], next_release: NextRelease
) -> None:
    front, alice, many, numbers = cluster.front.port, people["alice"], people["many"], count()

    def make_and_stop(_: int) -> object:
        made = call(front, many["account"], "tokens", {"name": f"u{next(numbers)}", "scopes": ["account:read"]})
        return made if made.status != 201 else call(front, made.body["plaintext"], "tokens/self/revoke", {})

    with Load(lambda _: call(front, alice["named"]), **GENTLY) as reading:
        with Load(make_and_stop, **GENTLY) as writing:
            writing.wait_for(20)
            next_release.migrate()
            writing.wait_for(20)
        for server in cluster.servers:
            server.end()
            server.start()
        reading.wait_for(50)
        next_release.migrate("tokens", next_release.today)
        reading.wait_for(50)

    assert statuses(answer for _, answer in reading.seen + writing.seen) == {200}
