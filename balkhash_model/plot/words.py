"""The words of the figures in three languages: one table, ``words.csv``, for all of them.

Quantities have their labels in ``quantities.csv``; everything else that a figure says, from titles
to the names of rivers, is a row of ``words.csv``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from balkhash_model import quantities
from balkhash_model.errors import InputError, Problem

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "Lang",
    "axis",
    "datum_text",
    "heading",
    "number",
    "observed_origins",
    "run_title",
    "spoken",
    "with_unit",
    "word",
]

Lang = Literal["en", "ru", "kk"]
#: Where the shipped series of observed levels come from: keys of the words for it.
_ORIGINS = {
    "dated levels": "caption.dated",
    "altimetry, months": "caption.altimetry_tied",
    "altimetry, annual means": "caption.altimetry_tied",
    "annual levels, whole sea": "caption.whole_sea",
    "altimetry, North": "caption.altimetry_from_1992",
    "altimetry, South": "caption.altimetry_from_1992",
}


def word(key: str, lang: str = "en", **values: object) -> str:
    """Give a text of the figures.

    Parameters
    ----------
    key : str
        Key of a row of ``words.csv``.
    lang : {"en", "ru", "kk"}, default "en"
        The language.
    **values
        What stands for the names in braces.

    Returns
    -------
    str
        The text.

    Raises
    ------
    InputError
        For an unknown language.

    Examples
    --------
    >>> word("year"), word("year", "ru"), word("year", "kk")
    ('Year', 'Год', 'Жыл')
    """
    if lang not in quantities.LANGUAGES:
        expected = ", ".join(quantities.LANGUAGES)
        raise InputError(Problem("lang", "not known", repr(lang), expected))
    text = table()[key][lang]
    return text.format(**values) if values else text


def observed_origins(series: Iterable[str], lang: str = "en") -> str:
    """Say where the shipped levels that a figure draws come from.

    Parameters
    ----------
    series : iterable of str
        The series drawn, named as :func:`balkhash_model.reference.levels.observed_levels` does.
    lang : {"en", "ru", "kk"}, default "en"
        The language.

    Returns
    -------
    str
        A sentence without its stop; empty where no series is a shipped one.

    Examples
    --------
    >>> observed_origins(["dated levels", "my gauge"])
    'Observed: dated levels by Wang 2022 and Zhang 2022'
    """
    drawn = set(series)
    keys = dict.fromkeys(key for name, key in _ORIGINS.items() if name in drawn)
    what = "; ".join(word(key, lang) for key in keys)
    return word("caption.observed", lang, what=what) if what else ""


@cache
def table() -> dict[str, dict[str, str]]:
    """Read the table of words once.

    Returns
    -------
    dict
        Texts by key and language.

    Examples
    --------
    >>> sorted(table()["year"])
    ['en', 'kk', 'ru']
    """
    with Path(__file__).with_name("words.csv").open(encoding="utf-8", newline="") as stream:
        return {row.pop("key"): row for row in csv.DictReader(stream, strict=True)}


def spoken(name: str, lang: str = "en") -> str:
    """Give the name of a water body, river, link or user as people write it.

    Parameters
    ----------
    name : str
        Name in a lake system, such as ``ili_delta``.
    lang : {"en", "ru", "kk"}, default "en"
        The language.

    Returns
    -------
    str
        The name from the table; one that is not there with capitals and blanks.

    Examples
    --------
    >>> spoken("uzynaral", "kk"), spoken("my_pond")
    ('Ұзынарал бұғазы', 'My pond')
    """
    key = f"name.{name}"
    if key in table():
        return word(key, lang)
    return name.replace("_", " ").capitalize()


def heading(name: str, lang: str = "en") -> str:
    """Give a name as it begins a line, with a capital.

    Parameters
    ----------
    name : str
        Name in a lake system.
    lang : {"en", "ru", "kk"}, default "en"
        The language.

    Returns
    -------
    str
        The name.

    Examples
    --------
    >>> heading("west", "ru")
    'Западная часть'
    """
    text = spoken(name, lang)
    return text[:1].upper() + text[1:]


def run_title(result: xr.Dataset, lang: str = "en") -> str:
    """Give the title of a run, in the language where its scenario has it so.

    Parameters
    ----------
    result : xarray.Dataset
        A result.
    lang : {"en", "ru", "kk"}, default "en"
        The language.

    Returns
    -------
    str
        The title; as the scenario states it where it has none in the language, empty without any.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> run_title(bm.run("hindcast_free"), "ru")
    'Озеро Балхаш, 1961–2014 гг., по опубликованным расходам воды'
    """
    return str(result.attrs.get(f"title_{lang}", result.attrs.get("title", "")))


def datum_text(datum: str, lang: str = "en") -> str:
    """Name a vertical datum; an empty one is said to be unknown.

    Parameters
    ----------
    datum : str
        Datum, as the attributes of a result hold it.
    lang : {"en", "ru", "kk"}, default "en"
        The language.

    Returns
    -------
    str
        The datum in words.

    Examples
    --------
    >>> datum_text("Baltic system (BS)", "ru"), datum_text("EGM2008", "kk")
    ('Балтийская система', 'EGM2008')
    """
    if not datum:
        return word("datum.none", lang)
    key = f"datum.{datum}"
    return word(key, lang) if key in table() else datum


def with_unit(text: str, unit: str, lang: str = "en", datum: str | None = None) -> str:
    """Add the unit, and for levels the datum, to the label of an axis.

    Parameters
    ----------
    text : str
        What the axis shows.
    unit : str
        Unit, such as "km3/yr".
    lang : {"en", "ru", "kk"}, default "en"
        The language.
    datum : str, optional
        Datum of a level; None for what has none.

    Returns
    -------
    str
        The label.

    Examples
    --------
    >>> with_unit("Level", "m", datum="Baltic system (BS)"), with_unit("Сток", "km3/yr", "ru")
    ('Level (m, Baltic system)', 'Сток, км³/год')
    """
    shown = quantities.shown_unit(unit, lang)
    if lang == "en":
        return f"{text} ({shown})" if datum is None else f"{text} ({shown}, {datum_text(datum)})"
    end = "" if datum is None else f" ({datum_text(datum, lang)})"
    return f"{text}, {shown}{end}"


def axis(name: str, lang: str = "en", unit: str | None = None, datum: str | None = None) -> str:
    """Label an axis that shows a quantity of the table.

    Parameters
    ----------
    name : str
        Name of the quantity.
    lang : {"en", "ru", "kk"}, default "en"
        The language.
    unit : str, optional
        The unit that is shown; that of the table by default.
    datum : str, optional
        Datum of a level.

    Returns
    -------
    str
        The label.

    Examples
    --------
    >>> axis("water_volume", "ru", "km3")
    'Объём воды, км³'
    """
    text = quantities.label(name, lang, unit="")
    return with_unit(text, quantities.get(name).units if unit is None else unit, lang, datum)


def number(value: float, form: str, lang: str = "en") -> str:
    """Write a number with the decimal sign of the language and a true minus.

    Parameters
    ----------
    value : float
        The number.
    form : str
        Format, such as ``.1f``.
    lang : {"en", "ru", "kk"}, default "en"
        The language.

    Returns
    -------
    str
        The number: with a point in English, a comma in Russian and Kazakh.

    Examples
    --------
    >>> number(-0.5, "+.2f"), number(341, ".1f", "ru")
    ('−0.50', '341,0')
    """
    text = format(value, form).replace("-", "−")
    return text if lang == "en" else text.replace(".", ",")
