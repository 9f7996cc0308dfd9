"""What `make run` does before it serves."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User


class Command(BaseCommand):
    help = "Bring the database up to date; make a demonstration in an empty one."

    def handle(self, *args: Any, **options: Any) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
        if User.objects.exists():
            self.stdout.write(f"Tokenrack is at {settings.SITE_URL}")
        else:
            call_command("demo", stdout=self.stdout)
