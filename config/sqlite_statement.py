"""A SELECT that calls ask again and again: on SQLite the whole row comes as one text.

The driver makes an object of each column and lets go of the interpreter for each, so that threads in need of it take
turns some fifty times a row. Most calls only want to know whether the row is still the one they know.
"""

import json
from collections.abc import Sequence
from typing import Any

Row = str


class Statement:
    """`places` are those of the parameters, all bytes, that change from one question to the next.

    Of the columns, those at `binary` hold bytes, which JSON knows as hexadecimal digits.
    """

    def __init__(self, text: str, parameters: Sequence[Any], places: list[int], *, columns: int, binary: set[int]):
        names = [f"c{position}" for position in range(columns)]
        told = [hexadecimal(name) if position in binary else name for position, name in enumerate(names)]
        asked = text % (("?",) * len(parameters))
        # What has a name of its own in the question may appear twice in the answer.
        self.text = f"WITH found({', '.join(names)}) AS ({asked}) SELECT json_array({', '.join(told)}) FROM found"  # noqa: S608
        self.parameters, self.places, self.binary = parameters, places, binary

    def suits(self, connection: Any) -> bool:
        return connection.connection is not None

    def fetch(self, connection: Any, values: Sequence[bytes]) -> Row | None:
        """The first row, as JSON. The driver keeps the question prepared."""
        parameters = [*self.parameters]
        for place, value in zip(self.places, values):  # noqa: B905 - of one length
            parameters[place] = value
        found = connection.connection.execute(self.text, parameters).fetchone()
        return found[0] if found else None

    def load(self, connection: Any, row: Row) -> list[Any]:
        """The values of a row, as the driver would have given them."""
        values: list[Any] = json.loads(row)
        for position in self.binary:
            if values[position] is not None:
                values[position] = bytes.fromhex(values[position])
        return values


def hexadecimal(name: str) -> str:
    """`hex` alone says of NULL what it says of no bytes."""
    return f"CASE WHEN {name} IS NOT NULL THEN hex({name}) END"
