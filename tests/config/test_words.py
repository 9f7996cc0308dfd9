"""Texts as they are searched: from the beginning of any word, in any case, in any script."""

import pytest

from config import words


def is_found(looked_for: str, *texts: str) -> bool:
    first, behind = words.bounds(looked_for)
    return any(first <= entry < behind for entry in words.entries(*texts))


@pytest.mark.parametrize("looked_for", ["d", "deploy", "deploy-job", "job", "JOB-7", "7", "-7", "deploy-job-7"])
def test_a_text_is_found_from_the_beginning_of_any_word_in_it(looked_for: str) -> None:
    assert is_found(looked_for, "Deploy-job-7")


@pytest.mark.parametrize("looked_for", ["eploy", "ob", "job-8", "deploy-job-77", "job 7", ""])
def test_what_no_word_begins_with_is_not_found(looked_for: str) -> None:
    assert not is_found(looked_for, "Deploy-job-7")


@pytest.mark.parametrize("looked_for", ["trk_9fKd…Q2xA", "trk_9fKd...Q2xA", "TRK_9", "9fkd", "Q2xA", "…Q2xA", "..q2"])
def test_a_hint_is_found_from_its_beginning_and_from_its_last_characters(looked_for: str) -> None:
    assert is_found(looked_for, "trk_9fKd…Q2xA")


@pytest.mark.parametrize("looked_for", ["ada", "ada.l@ex", "l@", "example", "@example.org", "org"])
def test_an_address_is_found_by_each_of_its_parts(looked_for: str) -> None:
    assert is_found(looked_for, "ada.l@example.org")


@pytest.mark.parametrize(
    ("looked_for", "text"),
    [
        ("ÅSA", "Åsa Öberg"),
        ("öberg", "A\u030asa O\u0308berg"),  # letters and marks, and letters that have them
        ("STRASSE", "Hauptstraße, Straße 7"),
        ("ЖУРНАЛ", "экспорт журнала"),
        ("job", "ＪＯＢ"),
        ("two words", "of  two \u00a0 words"),
        ("プロイ", "デプロイ"),  # nothing parts the words
        ("🔑", "🔑 of the house"),
        ("%", "%_ off"),
    ],
)
def test_case_forms_and_spaces_do_not_count(looked_for: str, text: str) -> None:
    assert is_found(looked_for, text)


@pytest.mark.parametrize("looked_for", ["%", "_", "'", "\\", "a%", "*", "j*b"])
def test_no_sign_stands_for_others(looked_for: str) -> None:
    assert not is_found(looked_for, "job")


def test_the_sixty_first_characters_are_compared() -> None:
    text = "x" * 70

    assert words.entries(text) == [b"x" * 60]
    assert is_found("x" * 100, text)
    assert max(map(len, words.entries("\U0001d4d0" * 60, "\ufdfa" * 60, "\U00020000" * 60))) <= 4 * words.LONGEST


def test_half_of_a_pair_is_harmless() -> None:
    assert is_found("a", "a\ud800")
    assert not is_found("\ud800", "a")
