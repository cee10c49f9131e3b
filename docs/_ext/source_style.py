"""How a source is printed: its key as the label, then the catalogue's own words, address, terms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.richtext import HRef, Text
from pybtex.style.formatting.unsrt import Style as Unsorted
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.sorting import BaseSortingStyle

__all__ = ["register"]

ADDRESS = re.compile(r"(https?://[^\s;,()]+)")


class KeyLabels(BaseLabelStyle):
    """The label of a source is its key."""

    def format_labels(self, sorted_entries: Iterable[Entry]) -> Iterator[str]:
        """Give the labels in the order of the entries."""
        for entry in sorted_entries:
            yield entry.key


class KeySorting(BaseSortingStyle):
    """Sources stand in the order of their keys."""

    def sorting_key(self, entry: Entry) -> str:
        """Give what an entry is sorted by."""
        return str(entry.key)


class SourceStyle(Unsorted):
    """One line for each source, as the catalogue has it."""

    default_label_style = KeyLabels
    default_sorting_style = KeySorting

    def format_entry(self, label: str, entry: Entry, bib_data: object = None) -> object:
        """Format one entry."""
        from pybtex.style import FormattedEntry

        fields = {name: Text.from_latex(value) for name, value in entry.fields.items()}
        address = [
            HRef(part, part) if ADDRESS.fullmatch(part) else part
            for part in ADDRESS.split(str(fields["howpublished"]))
        ]
        text = Text(fields["title"], ". ", *address)
        if "note" in fields:
            text += Text(". Terms: ", fields["note"])
        return FormattedEntry(entry.key, text + ".", label)


def register() -> None:
    """Make the style known to pybtex under the name ``house``."""
    register_plugin("pybtex.style.formatting", "house", SourceStyle)
