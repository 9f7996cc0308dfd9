"""Thirty days of usage, counted and drawn: everything a template needs, so that it only places it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from tokens.models import Token, TokenDay

DAYS_SHOWN = 30
SPARK_HEIGHT = 20


@dataclass(frozen=True, slots=True)
class Bar:
    """One day. Heights in hundredths of the plot; `x` is the left edge of a place 10 wide."""

    day: date
    calls: int
    refusals: int
    x: int
    height: float
    refused_height: float

    @property
    def top(self) -> float:
        return round(100 - self.height, 1)

    @property
    def refused_top(self) -> float:
        return round(100 - self.refused_height, 1)

    @property
    def left(self) -> float:
        return self.x + 1.5


@dataclass(frozen=True, slots=True)
class Chart:
    bars: list[Bar]
    ceiling: int

    @property
    def calls(self) -> int:
        return sum(bar.calls for bar in self.bars)

    @property
    def refusals(self) -> int:
        return sum(bar.refusals for bar in self.bars)

    @property
    def most(self) -> int:
        return max(bar.calls for bar in self.bars)

    @property
    def first(self) -> date:
        return self.bars[0].day

    @property
    def last(self) -> date:
        return self.bars[-1].day

    @property
    def scale(self) -> list[str]:
        return [short(self.ceiling), short(self.ceiling / 2), "0"]

    @property
    def axis(self) -> list[date]:
        return [self.bars[0].day, self.bars[10].day, self.bars[20].day, self.bars[-1].day]

    @property
    def busy_days(self) -> list[Bar]:
        """For the table: newest first, without the days on which nothing happened."""
        return [bar for bar in reversed(self.bars) if bar.calls or bar.refusals]

    @property
    def spark(self) -> str:
        """The path of a sparkline, 90 wide and 24 high."""
        most = self.most or 1
        marks = [
            f"M{bar.x * 0.3 + 1.5:g} 23v-{max(1, bar.calls / most * SPARK_HEIGHT):.3g}"
            for bar in self.bars
            if bar.calls
        ]
        return "".join(marks)


def chart_of(tokens: Iterable[Token], today: date) -> Chart:
    """One chart for all of the tokens together, in one query."""
    days: dict[date, tuple[int, int]] = {}
    for row in rows([token.pk for token in tokens], today):
        calls, refusals = days.get(row.day, (0, 0))
        days[row.day] = (calls + row.calls, refusals + row.refusals)
    return draw(days, today)


def charts_of(tokens: Iterable[Token], today: date) -> dict[int, Chart]:
    """A chart for each token, in one query."""
    keys = [token.pk for token in tokens]
    days: dict[int, dict[date, tuple[int, int]]] = {key: {} for key in keys}
    for row in rows(keys, today):
        days[row.token_id][row.day] = (row.calls, row.refusals)
    return {key: draw(days[key], today) for key in keys}


def rows(tokens: list[int], today: date) -> Iterable[TokenDay]:
    return TokenDay.objects.filter(token__in=tokens, day__gt=today - timedelta(days=DAYS_SHOWN), day__lte=today)


def draw(days: dict[date, tuple[int, int]], today: date) -> Chart:
    shown = [today - timedelta(days=ago) for ago in reversed(range(DAYS_SHOWN))]
    ceiling = round_up(max((max(counts) for counts in days.values()), default=0))
    bars = [
        Bar(
            day=day,
            calls=days.get(day, (0, 0))[0],
            refusals=days.get(day, (0, 0))[1],
            x=place * 10,
            height=round(days.get(day, (0, 0))[0] / ceiling * 100, 1),
            refused_height=round(days.get(day, (0, 0))[1] / ceiling * 100, 1),
        )
        for place, day in enumerate(shown)
    ]
    return Chart(bars, ceiling)


def round_up(number: int) -> int:
    """To the next even number of one or two significant digits, so that the middle of the scale is whole as well."""
    step = 10 ** max(0, len(str(number)) - 2)
    return max(2, ceil(number / step / 2) * 2 * step)


def short(number: float) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"
