"""Many small files are served as one stylesheet and one script."""

from pathlib import Path

import pytest
from django.conf import settings

from config.static_files import JOINED, joined

STATIC = Path(settings.BASE_DIR) / "static"


def read(name: str) -> str:
    return (STATIC / name).read_text()


@pytest.mark.parametrize(("name", "pattern"), [("css/app.css", "css/**/*.css"), ("js/app.js", "js/elements/*.js")])
def test_every_file_is_in_the_one_that_is_served(name: str, pattern: str) -> None:
    served = joined(name, read)

    parts = [path for path in STATIC.glob(pattern) if path != STATIC / name]
    assert len(parts) > 10
    assert [path.name for path in parts if path.read_text() not in served] == []


@pytest.mark.parametrize("name", JOINED)
def test_nothing_is_left_to_be_fetched(name: str) -> None:
    lines = joined(name, read).splitlines()

    assert [line for line in lines if line.startswith(("@import", "import ", "export "))] == []


def test_layers_keep_their_order_and_their_files() -> None:
    served = joined("css/app.css", read)

    assert served.index("@layer reset, base") < served.index("@layer reset {") < served.index("@layer utilities {")
    assert served.count("{") == served.count("}")
