"""Rewrite the checksums in the catalogue of the reference tables, line by line.

Run from anywhere after a table has changed: ``python .ci/checksums.py``. With ``--check``
nothing is written and the exit code is 1 where a checksum is out of date.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "balkhash_model" / "reference"


def rewritten(text: str, folder: Path) -> str:
    """Return the catalogue's text with the checksum after each ``file:`` line recomputed."""
    lines = text.split("\n")
    digest: str | None = None
    for number, line in enumerate(lines):
        key, _, value = line.strip().partition(":")
        if key == "file":
            digest = hashlib.sha256((folder / value.strip()).read_bytes()).hexdigest()
        elif key == "sha256" and digest is not None:
            indent = line[: len(line) - len(line.lstrip())]
            lines[number] = f'{indent}sha256: "{digest}"'
            digest = None
    return "\n".join(lines)


def main() -> int:
    """Rewrite or check the catalogue; return the exit code."""
    path = FOLDER / "catalog.yml"
    before = path.read_bytes().decode("utf-8")
    after = rewritten(before, FOLDER)
    if after == before:
        print("checksums are up to date")
        return 0
    if "--check" in sys.argv[1:]:
        print("checksums are out of date: run python .ci/checksums.py")
        return 1
    path.write_bytes(after.encode("utf-8"))
    print("checksums rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main())
