"""The shell blocks of a page, so that a test does what people read.

An HTML comment before a block, which readers do not see, says what it is. Each block of a page that is walked has one.
"""

import re
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"(?:^<!-- (?P<mark>[^>]+) -->\n\n)?(?P<text>(?:^    .*\n|^\n(?=    ))+)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    mark: str
    text: str


def blocks_of(page: Path) -> list[Block]:
    """In the order of the page, without their indentation."""
    return [
        Block(found["mark"] or "", re.sub(r"^    ", "", found["text"], flags=re.MULTILINE))
        for found in BLOCK.finditer(page.read_text())
        if found["text"].strip()
    ]


def text_of(page: Path, mark: str) -> str:
    """The one block with this mark."""
    (text,) = [block.text for block in blocks_of(page) if block.mark == mark]
    return text
