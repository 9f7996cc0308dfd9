import django.db.models.deletion
from django.db import migrations, models

from config import words

AT_ONCE = 1000


def reference(to, null=False):
    return models.ForeignKey(
        db_constraint=False, db_index=False, null=null, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=to
    )


def write_words(apps, schema_editor):
    """Of the tokens that are there, a thousand at a time."""
    tokens = apps.get_model('tokens', 'Token').objects.exclude(organization=None, license__isnull=False).order_by('pk')
    last = 0
    columns = ('pk', 'organization_id', 'name', 'hint')
    while batch := list(tokens.filter(pk__gt=last).values_list(*columns)[:AT_ONCE]):
        last = batch[-1][0]
        rows = [
            (pk, organization, word, False)
            for pk, organization, name, hint in batch
            for word in words.entries(name, hint)
        ]
        with schema_editor.connection.cursor() as cursor:  # without an object for each of millions
            cursor.executemany(
                'INSERT INTO tokens_tokenword (token_id, organization_id, word, is_former) VALUES (%s, %s, %s, %s)', rows
            )


def write_former_words(apps, schema_editor):
    """Under names that tokens had before, as the log tells of them."""
    events = apps.get_model('accounts', 'AuditEvent').objects.exclude(token_id=None).order_by('pk')
    token_model, model = apps.get_model('tokens', 'Token'), apps.get_model('tokens', 'TokenWord')
    last = 0
    while batch := list(events.filter(pk__gt=last).values_list('pk', 'token_id', 'token_name')[:AT_ONCE]):
        last = batch[-1][0]
        named = {(token, name) for _, token, name in batch}
        found = token_model.objects.filter(pk__in={token for token, _ in named})
        tokens = {pk: (organization, name) for pk, organization, name in found.values_list('pk', 'organization_id', 'name')}
        former = {
            (token, word): model(organization_id=tokens[token][0], token_id=token, word=word, is_former=True)
            for token, name in named
            if token in tokens and name and name != tokens[token][1]
            for word in words.entries(name)
        }
        model.objects.bulk_create(former.values(), ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_search_words'),
        ('tokens', '0008_long_lists'),
    ]

    operations = [
        migrations.CreateModel(
            name='TokenWord',
            fields=[
                ('word', models.BinaryField(max_length=240)),
                ('token', reference('tokens.token')),
                ('organization', reference('accounts.organization', null=True)),
                ('is_former', models.BooleanField(default=False)),
                ('pk', models.CompositePrimaryKey('token_id', 'word', blank=True, editable=False, primary_key=True, serialize=False)),
            ],
            options={'abstract': False},
        ),
        migrations.RunPython(write_words, migrations.RunPython.noop),
        migrations.RunPython(write_former_words, migrations.RunPython.noop),
        # Behind the rows: to sort them once is faster than to put each into its place.
        migrations.AddIndex(
            model_name='tokenword',
            index=models.Index(condition=models.Q(('is_former', False)), fields=['organization', 'word', 'token'], name='tokenword_word'),
        ),
        migrations.AddIndex(
            model_name='tokenword',
            index=models.Index(condition=models.Q(('is_former', True)), fields=['organization', 'word', 'token'], name='tokenword_former'),
        ),
    ]
