"""Sessions stand under digests of their keys from here on. Those that stand under their keys count for nothing more."""

from django.db import migrations


def forget_keys(apps, schema_editor):
    for app, model in (("sessions", "Session"), ("usersessions", "UserSession")):
        apps.get_model(app, model).objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_closed_accounts'),
        ('sessions', '0001_initial'),
        ('usersessions', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(forget_keys, migrations.RunPython.noop),
    ]
