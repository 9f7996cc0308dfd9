"""What the database itself refuses: to change an audit event or a mark, and to delete one that no mark has cut off.

SQLite rebuilds a table that a migration alters, and drops its triggers with the old one: such a migration installs
them again.
"""

from typing import Any

REFUSAL = "The audit log is append-only."
EVENTS, MARKS = "accounts_auditevent", "accounts_auditmark"

# REPLACE deletes without asking the trigger for deletions, so an insert over a row is refused as well.
SQLITE = {
    "audit_event_update": f"BEFORE UPDATE ON {EVENTS}",
    "audit_event_delete": f"""BEFORE DELETE ON {EVENTS} WHEN NOT EXISTS (
        SELECT 1 FROM {MARKS} mark
        WHERE mark.organization_id IS OLD.organization_id AND mark.position >= OLD.position)""",
    "audit_event_replace": f"""BEFORE INSERT ON {EVENTS} WHEN EXISTS (
        SELECT 1 FROM {EVENTS} event
        WHERE event.id = NEW.id OR (event.organization_id IS NEW.organization_id AND event.position = NEW.position))""",
    "audit_mark_update": f"BEFORE UPDATE ON {MARKS}",
    "audit_mark_delete": f"BEFORE DELETE ON {MARKS}",
    "audit_mark_replace": f"BEFORE INSERT ON {MARKS} WHEN EXISTS (SELECT 1 FROM {MARKS} mark WHERE mark.id = NEW.id)",
}
POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME = '{EVENTS}' THEN
    IF EXISTS (
      SELECT 1 FROM {MARKS} mark
      WHERE mark.organization_id IS NOT DISTINCT FROM OLD.organization_id AND mark.position >= OLD.position
    ) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION '{REFUSAL}';
END $$
"""
POSTGRESQL = {
    "audit_event_append_only": f"BEFORE UPDATE OR DELETE ON {EVENTS}",
    "audit_mark_append_only": f"BEFORE UPDATE OR DELETE ON {MARKS}",
}


def install(connection: Any) -> None:
    with connection.cursor() as cursor:
        for statement in statements(connection.vendor):
            cursor.execute(statement)


def statements(vendor: str) -> list[str]:
    if vendor == "postgresql":
        return [
            POSTGRESQL_FUNCTION,
            *(
                f"CREATE OR REPLACE TRIGGER {name} {moment} FOR EACH ROW EXECUTE FUNCTION audit_append_only()"
                for name, moment in POSTGRESQL.items()
            ),
        ]
    return [
        f"CREATE TRIGGER IF NOT EXISTS {name} {moment} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for name, moment in SQLITE.items()
    ]


def remove(connection: Any) -> None:
    """For the way back of a migration, and for databases that tests empty."""
    names = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    with connection.cursor() as cursor:
        for name, moment in names.items():
            table = EVENTS if EVENTS in moment.splitlines()[0] else MARKS
            on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def are_installed(connection: Any) -> bool:
    query, names = "SELECT name FROM sqlite_master WHERE type = 'trigger'", SQLITE
    if connection.vendor == "postgresql":
        query, names = "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'", POSTGRESQL
    with connection.cursor() as cursor:
        cursor.execute(query)
        return set(names) <= {name for (name,) in cursor.fetchall()}
