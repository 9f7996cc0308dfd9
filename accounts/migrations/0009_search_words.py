import django.db.models.deletion
from django.db import migrations, models

from config import words

AT_ONCE = 1000


def reference(to, null=False):
    return models.ForeignKey(
        db_constraint=False, db_index=False, null=null, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=to
    )


def word_model(name):
    return migrations.CreateModel(
        name=name,
        fields=[
            ('word', models.BinaryField(max_length=240)),
            ('license', reference('accounts.license')),
            ('organization', reference('accounts.organization', null=True)),
            ('pk', models.CompositePrimaryKey('license_id', 'word', blank=True, editable=False, primary_key=True, serialize=False)),
        ],
        options={'abstract': False},
    )


def write_words(apps, schema_editor):
    """Of the licenses that are there, a thousand at a time."""
    license_word, person_word = (apps.get_model('accounts', name) for name in ('LicenseWord', 'PersonWord'))
    licenses = apps.get_model('accounts', 'License').objects.exclude(organization=None).select_related('user').order_by('pk')
    last = 0
    while batch := list(licenses.filter(pk__gt=last)[:AT_ONCE]):
        last = batch[-1].pk
        for model, texts_of in {license_word: texts_of_license, person_word: texts_of_person}.items():
            rows = [
                (license.pk, license.organization_id, word)
                for license in batch
                for word in words.entries(*texts_of(license))
            ]
            with schema_editor.connection.cursor() as cursor:  # without an object for each of millions
                cursor.executemany(
                    f'INSERT INTO {model._meta.db_table} (license_id, organization_id, word) VALUES (%s, %s, %s)', rows
                )


def texts_of_license(license):
    return license.name, license.number


def texts_of_person(license):
    """The made-up address of a service account, or of a closed one, is nobody's to read."""
    user = license.user
    return user.name, '' if user.is_service_account or user.closed_at else user.email


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_long_lists'),
    ]

    operations = [
        word_model('LicenseWord'),
        word_model('PersonWord'),
        migrations.RunPython(write_words, migrations.RunPython.noop),
        # Behind the rows: to sort them once is faster than to put each into its place.
        migrations.AddIndex(
            model_name='licenseword',
            index=models.Index(fields=['organization', 'word', 'license'], name='licenseword_word'),
        ),
        migrations.AddIndex(
            model_name='personword',
            index=models.Index(fields=['organization', 'word', 'license'], name='personword_word'),
        ),
        migrations.AddIndex(
            model_name='user',
            index=models.Index(condition=models.Q(('is_staff', True)), fields=['id'], name='user_operator'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['organization', 'actor', 'id'], name='audit_organization_actor'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['organization', 'subject', 'id'], name='audit_organization_subject'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['organization', 'address', 'id'], name='audit_organization_address'),
        ),
    ]
