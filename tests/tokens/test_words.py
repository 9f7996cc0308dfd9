"""A token has the words of its name and its hint; those of former names stay behind for the log."""

from accounts.actor import Actor
from accounts.models import License
from tests.factories import issue
from tests.tokens.crowd import token as crowd_token
from tokens import lifecycle
from tokens.models import Token, TokenWord


def words_of(token: Token, *, is_former: bool = False) -> set[str]:
    return {str(word) for word in TokenWord.objects.filter(token=token, is_former=is_former)}


def hint_of(token: Token) -> set[str]:
    hint = token.hint.lower().replace("…", "...")
    return {hint, hint.removeprefix("trk_"), hint[-4:]}


def renamed(token: Token, name: str) -> None:
    lifecycle.edit(actor=Actor(token.owner), token=token, name=name)


def test_a_token_has_the_words_of_its_name_and_its_hint(alices_license: License) -> None:
    token = issue(alices_license, "Nightly-export").token

    assert words_of(token) == {"nightly-export", "export"} | hint_of(token)
    assert {word.organization_id for word in TokenWord.objects.all()} == {alices_license.organization_id}


def test_many_made_at_once_have_them_too(alices_license: License) -> None:
    (token,) = Token.objects.bulk_create([crowd_token(7, alices_license)])

    assert words_of(token) == {"job-00007", "00007", "trk_0007...crwd", "0007...crwd", "crwd"}


def test_a_token_that_is_renamed_keeps_its_former_words_apart(alices_license: License) -> None:
    token = issue(alices_license, "nightly-export").token

    renamed(token, "hourly export")

    assert words_of(token) == {"hourly export", "export"} | hint_of(token)
    assert words_of(token, is_former=True) == {"nightly-export"}


def test_a_name_that_comes_back_is_no_former_one(alices_license: License) -> None:
    token = issue(alices_license, "nightly").token

    for name in ("hourly", "nightly"):
        renamed(token, name)

    assert words_of(token) == {"nightly"} | hint_of(token)
    assert words_of(token, is_former=True) == {"hourly"}


def test_an_account_token_is_of_no_organization_and_one_on_an_individual_license_is_not_searched(
    alices_license: License, charlie: object
) -> None:
    account = lifecycle.regenerate(actor=Actor(alices_license.user), owner=alices_license.user).token
    License.objects.filter(pk=alices_license.pk).update(organization=None)
    alices_license.refresh_from_db()
    single = issue(alices_license).token

    assert words_of(account) == {"account token", "token"} | hint_of(account)
    assert {word.organization_id for word in TokenWord.objects.filter(token=account)} == {None}
    assert words_of(single) == set()


def test_use_leaves_the_words_alone(alices_license: License, django_assert_num_queries) -> None:
    token = issue(alices_license).token

    with django_assert_num_queries(1):
        token.save(update_fields=["revoke_on_sign_out"])


def test_a_token_that_is_renamed_by_a_query_is_found_by_its_new_name(alices_license: License) -> None:
    token = issue(alices_license, "nightly").token

    Token.objects.filter(name="nightly").update(name="hourly")

    assert words_of(token) == {"hourly"} | hint_of(token)
    assert words_of(token, is_former=True) == {"nightly"}
