"""Thirty days of usage, counted and drawn."""

from datetime import date, timedelta

import pytest

from accounts.models import License
from tests.factories import issue
from tokens.charts import DAYS_SHOWN, chart_of, charts_of, draw, round_up, short
from tokens.models import Token, TokenDay

TODAY = date(2026, 3, 2)
DAY = timedelta(days=1)


@pytest.fixture
def tokens(alices_license: License) -> list[Token]:
    return [issue(alices_license, name=name).token for name in ("one", "two")]


def count(token: Token, days_ago: int, calls: int, refusals: int = 0) -> None:
    TokenDay.objects.create(token=token, day=TODAY - days_ago * DAY, calls=calls, refusals=refusals)


def test_a_chart_ends_today_and_begins_thirty_days_before() -> None:
    chart = draw({}, TODAY)

    assert (len(chart.bars), chart.first, chart.last) == (30, TODAY - 29 * DAY, TODAY)
    assert [bar.x for bar in chart.bars] == list(range(0, 300, 10))


def test_a_chart_without_calls_is_flat() -> None:
    chart = draw({}, TODAY)

    assert (chart.calls, chart.refusals, chart.most, chart.busy_days, chart.spark) == (0, 0, 0, [], "")
    assert {bar.height for bar in chart.bars} == {0}
    assert chart.scale == ["2", "1", "0"]


def test_bars_are_as_high_as_their_share_of_the_ceiling() -> None:
    chart = draw({TODAY: (10, 5), TODAY - DAY: (5, 0)}, TODAY)

    yesterday, today = chart.bars[-2:]
    assert chart.ceiling == 10
    assert (today.height, today.top, today.refused_height, today.refused_top) == (100, 0, 50, 50)
    assert (yesterday.height, yesterday.top, yesterday.refused_height) == (50, 50, 0)
    assert (chart.calls, chart.refusals, chart.most) == (15, 5, 10)


def test_the_ceiling_holds_the_refused_calls_as_well() -> None:
    chart = draw({TODAY: (1, 40)}, TODAY)

    assert chart.ceiling == 40
    assert max(bar.refused_height for bar in chart.bars) == 100


def test_the_table_lists_the_busy_days_newest_first() -> None:
    chart = draw({TODAY: (1, 0), TODAY - 3 * DAY: (0, 2)}, TODAY)

    assert [(bar.day, bar.calls, bar.refusals) for bar in chart.busy_days] == [(TODAY, 1, 0), (TODAY - 3 * DAY, 0, 2)]


def test_a_day_with_a_single_call_is_seen_beside_a_day_with_a_million() -> None:
    chart = draw({TODAY: (1_000_000, 0), TODAY - DAY: (1, 0)}, TODAY)

    assert chart.spark == "M85.5 23v-1M88.5 23v-20"


@pytest.mark.parametrize(
    ("number", "ceiling"),
    [
        (0, 2),
        (1, 2),
        (2, 2),
        (3, 4),
        (9, 10),
        (10, 10),
        (11, 12),
        (99, 100),
        (100, 100),
        (101, 120),
        (999, 1000),
        (1001, 1200),
    ],
)
def test_the_ceiling_is_round_and_its_half_is_whole(number: int, ceiling: int) -> None:
    assert round_up(number) == ceiling
    assert ceiling % 2 == 0


def test_the_ceiling_is_never_below_what_it_covers() -> None:
    assert all(round_up(number) >= number for number in range(20_000))


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (6.0, "6"), (999, "999"), (1000, "1k"), (1500, "1.5k"), (1_200_000, "1.2M")]
)
def test_large_numbers_are_short(number: float, text: str) -> None:
    assert short(number) == text


def test_a_chart_counts_the_last_thirty_days_and_no_day_more(tokens: list[Token]) -> None:
    one = tokens[0]
    for days_ago, calls in ((-1, 1000), (0, 1), (DAYS_SHOWN - 1, 10), (DAYS_SHOWN, 100)):
        count(one, days_ago, calls)

    chart = chart_of([one], TODAY)

    assert (chart.calls, chart.ceiling) == (11, 10)


def test_one_chart_adds_the_tokens_up_and_leaves_others_out(
    tokens: list[Token], alices_license: License, django_assert_num_queries
) -> None:
    count(tokens[0], 0, 3, 1)
    count(tokens[1], 0, 4, 2)
    count(issue(alices_license, name="other").token, 0, 100)

    with django_assert_num_queries(1):
        chart = chart_of(tokens, TODAY)

    assert (chart.bars[-1].calls, chart.bars[-1].refusals) == (7, 3)


def test_each_token_has_its_own_chart_from_one_query(tokens: list[Token], django_assert_num_queries) -> None:
    count(tokens[0], 0, 3)

    with django_assert_num_queries(1):
        charts = charts_of(tokens, TODAY)

    assert [charts[token.pk].calls for token in tokens] == [3, 0]
