"""The rule of a secret scanner finds every token, and nothing in our own house."""

import json
import math
import re
import subprocess
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings

from tests.tokens.commands.terminal import said
from tokens import format

ROOT = Path(settings.BASE_DIR)
PLACES = [
    "{}",
    "key={};",
    '"{}"',
    "'{}'",
    "\\n{}\\n",
    "https://x.example/?t={}&a",
    "Bearer {}\n",
    "<td>{}</td>",
    "é{}é",
]


def rule() -> dict[str, object]:
    (found,) = tomllib.loads(said("tokenpattern"))["rules"]
    return found


@pytest.mark.parametrize("prefix", ["trk_", "acme2_"])
@pytest.mark.parametrize("place", PLACES)
def test_a_token_is_found_wherever_it_stands(prefix: str, place: str, settings) -> None:
    settings.TOKEN_PREFIX = prefix
    expression = re.compile(str(rule()["regex"]), re.ASCII)

    for _ in range(20):
        text = str(format.generate(prefix))
        assert expression.findall(place.format(text)) == [text]
        assert entropy(text) > float(str(rule()["entropy"]))
    assert rule()["keywords"] == [prefix]


def entropy(text: str) -> float:
    """As gitleaks computes it: Shannon's, in bits a character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def test_every_format_tells_the_same_pattern() -> None:
    expression = said("tokenpattern", "--format", "regex").strip()

    assert rule()["regex"] == expression == format.pattern("trk_")
    (secretlint,) = json.loads(said("tokenpattern", "--format", "secretlint"))["rules"]
    assert secretlint["id"] == "@secretlint/secretlint-rule-pattern"
    assert [each["pattern"] for each in secretlint["options"]["patterns"]] == [f"/{expression}/"]


def test_nothing_in_this_repository_looks_like_a_token() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout
    files = [ROOT / name for name in listed.decode().split("\0") if name] or [
        file
        for place in ("accounts", "tokens", "config", "docs", "static", "templates", "tests", "README.md")
        for file in [ROOT / place, *(ROOT / place).rglob("*")]
    ]
    expression = re.compile(str(rule()["regex"]).encode())

    found = [file for file in files if file.is_file() and expression.search(file.read_bytes())]

    assert len(files) > 200
    assert found == []
