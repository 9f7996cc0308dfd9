"""Words that do not fit are found and mended: an earlier release wrote none."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import models

from accounts.models import License, LicenseWord, PersonWord, User
from tests.factories import issue
from tokens.models import Token, TokenWord


def run(*options: str) -> str:
    call_command("searchwords", *options, stdout=(out := StringIO()))
    return out.getvalue().strip()


def everything() -> list[Any]:
    return [list(model._base_manager.order_by("pk").values()) for model in (LicenseWord, PersonWord, TokenWord)]


@pytest.fixture(autouse=True)
def right(alices_license: License, bob: User) -> list[Any]:
    issue(alices_license, "nightly-export")
    return everything()


def test_what_is_right_stays(right: list[Any]) -> None:
    assert run() == run("--check") == "All search words are right."
    assert everything() == right


@pytest.mark.parametrize("model", [LicenseWord, PersonWord, TokenWord])
def test_what_is_missing_is_written(right: list[Any], model: type[models.Model]) -> None:
    count, _ = model._base_manager.all().delete()

    with pytest.raises(CommandError, match=f"{count} search words are wrong"):
        run("--check")
    assert not model._base_manager.exists()
    assert run() == f"{count} search words were wrong."
    assert everything() == right


def test_names_written_past_the_words_are_found_out(right: list[Any]) -> None:
    models.QuerySet(User).filter(email="alice@example.org").update(name="Renamed")
    models.QuerySet(License).filter(user__email="alice@example.org").update(name="Loft")
    models.QuerySet(Token).update(name="hourly")

    assert run() == "8 search words were wrong."
    assert run("--check") == "All search words are right."
    assert {str(word) for word in TokenWord.objects.of_former()} == {"nightly-export", "export"}
