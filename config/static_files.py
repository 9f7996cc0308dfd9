"""Static files under names that carry a hash of their content, compressed, cached for good.

The stylesheet and the script are written as many small files and served as one each: what app.css and app.js import is
put in their place when the files are collected.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Where a file that imports stands, how a line that imports looks, and what takes its place: a layer stays a layer, and
# the names of a module stay its own, in a block.
JOINED = {
    "css/app.css": (
        re.compile(r'^@import url\("(?P<name>[^"]+)"\) layer\((?P<layer>\w+)\);$', re.M),
        "@layer {layer} {{",
    ),
    "js/app.js": (re.compile(r'^import "\./(?P<name>[^"]+)";$', re.M), "{{"),
}


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if not dry_run:
            for name in JOINED:
                text = joined(name, self.text_of)
                self.delete(name)
                self.save(name, ContentFile(text.encode()))
            paths = paths | {name: (self, name) for name in JOINED}
        yield from super().post_process(paths, dry_run, **options)

    def text_of(self, name: str) -> str:
        with self.open(name) as file:
            return file.read().decode()


def joined(name: str, read: Callable[[str], str]) -> str:
    """The text of app.css or app.js with all that it imports in it. `read` gives the text of a static file."""
    line, opening = JOINED[name]
    folder = name.rpartition("/")[0]

    def imported(match: "re.Match[str]") -> str:
        path = f"{folder}/{match['name']}"
        return f"{opening.format(**match.groupdict())}\n{read(path)}}}\n"

    return line.sub(imported, read(name))
