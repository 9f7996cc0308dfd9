"""Tokens of any other system, from a CSV file. docs/commands.md documents the columns.

What is said of a file never repeats what stands in it: a column that was named wrongly may be a token.
"""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts.validators import validate_plain_text
from tokens import shapes
from tokens.models import Token
from tokens.shapes import Secret
from tokens.takeover.arrivals import Arrival, Fault
from tokens.takeover.databases import SourceError

COLUMNS = ("text", "sha512", "length", "email", "name", "scopes", "created_at", "expires_at", "license")


def read(file: BinaryIO, *, text_length: int) -> Iterator[Arrival | Fault]:
    """One token a row. Bytes that are no UTF-8 survive as what no field may hold, so that their line is named."""
    lines = csv.reader(io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline=""), strict=True)
    try:
        header = columns_of(next(lines, []))
        while True:
            place = f"line {lines.line_num + 1}"
            row = next(lines, None)
            if row is None:
                return
            if any(row):
                yield read_row(place, header, row, text_length)
    except csv.Error:
        yield Fault(f"line {lines.line_num}", "it is no CSV, and what follows was not read")


def columns_of(row: list[str]) -> list[str]:
    header = [name.strip().lower() for name in row]
    for number, name in enumerate(header, start=1):
        if name not in COLUMNS:
            raise SourceError(
                f"The first line names the columns: {', '.join(COLUMNS)}. Number {number} is none of them."
            )
        if name in header[: number - 1]:
            raise SourceError(f"The first line names the column {name} twice.")
    if not {"text", "sha512"} & set(header):
        raise SourceError("The first line names neither the column text nor sha512.")
    return header


def read_row(place: str, header: list[str], row: list[str], text_length: int) -> Arrival | Fault:
    if len(row) != len(header):
        return Fault(place, f"it has {len(row)} fields, the first line {len(header)}")
    values = dict(zip(header, (value.strip() for value in row), strict=True))
    email = values.get("email", "")
    try:
        "".join(row).encode()
    except UnicodeEncodeError:
        return Fault(place, "it is not UTF-8")
    try:
        return Arrival(
            place,
            secret_of(values, text_length),
            email=email,
            name=name_of(values),
            scope=tuple(values.get("scopes", "").split()),
            created_at=moment(values, "created_at", time.min),
            expires_at=moment(values, "expires_at", time(23, 59, 59)),
            license_number=values.get("license", ""),
        )
    except ValueError as error:
        return Fault(place, str(error), email)


def secret_of(values: dict[str, str], text_length: int) -> Secret:
    text, sha512 = values.get("text", ""), values.get("sha512", "")
    if bool(text) == bool(sha512):
        raise ValueError("it needs either a text or its sha512")
    if text:
        return shapes.secret_of_text(text)
    length = values.get("length") or str(text_length)
    if not (length.isascii() and length.isdigit() and len(length) < 4):
        raise ValueError("its length is no number")
    return shapes.secret_of_hash(sha512, length=int(length), is_hex=False)


def name_of(values: dict[str, str]) -> str:
    name = values.get("name", "")
    try:
        validate_plain_text(name)
    except ValidationError as error:
        fault = "looks like a token" if error.code == "secret" else "holds an invisible character"
        raise ValueError(f"its name {fault}") from None
    longest = Token._meta.get_field("name").max_length
    if longest and len(name) > longest:
        raise ValueError(f"its name is longer than {longest} characters")
    return name


def moment(values: dict[str, str], column: str, hour: time) -> datetime | None:
    """A date, or a moment in ISO 8601; without an offset by the clock of this site. The last day counts to its end."""
    text = values.get(column, "")
    if not text or text.lower() == "never":
        return None
    try:
        day = parse_date(text)
        found = datetime.combine(day, hour) if isinstance(day, date) else parse_datetime(text)
        found = timezone.make_aware(found) if found and found.tzinfo is None else found
        found = found and found.astimezone(UTC)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise ValueError(f"its {column} is no date")
    if column == "created_at" and found > timezone.now() + timedelta(minutes=5):
        raise ValueError("its created_at is in the future")
    return found
