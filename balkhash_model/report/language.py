"""Texts of the report in three languages: sentences, plural forms, numbers and units."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from balkhash_model import yamlio
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.plot.words import Lang

__all__ = ["LANGUAGES", "Words"]

#: Languages of the report, by their ISO 639-1 codes.
LANGUAGES = ("en", "ru", "kk")
_FOLDER = Path(__file__).parent / "text"
#: A no-break space, the minus sign, and what stands for no number.
_NARROW, _MINUS, _NONE = "\u00a0", "\u2212", "\u2013"
_UNIT = re.compile(r"(?<=\d) (?=(?:m|м|km³|км³|m³/s|м³/с|g/l|г/л|%|г\.|жылы|жылдың|жылғы)(?!\w))")
_DECIMAL = re.compile(r"(?<=\d)\.(?=\d)")


@lru_cache(maxsize=4)
def _texts(language: str) -> dict[str, Any]:
    data: dict[str, Any] = yamlio.load(_FOLDER / f"{language}.yml").data
    return data


def _form(language: str, value: float, digits: int) -> str:
    """Plural form of a number as it is written, by the rules of the Unicode CLDR."""
    shown = round(abs(value), digits)
    whole = digits == 0
    if language == "en":
        return "one" if whole and shown == 1 else "other"
    if language == "ru":
        if not whole:
            return "other"
        tens, ones = int(shown) % 100, int(shown) % 10
        if ones == 1 and tens != 11:
            return "one"
        return "few" if ones in (2, 3, 4) and tens not in (12, 13, 14) else "many"
    return "other"


class Words:
    """The texts of one language.

    Parameters
    ----------
    language : {"en", "ru", "kk"}
        The language.

    Raises
    ------
    InputError
        For another language.

    Examples
    --------
    >>> Words("ru").count("unit.years", 3), Words("ru").number(-0.25, 2)
    ('3\\xa0года', '−0,25')
    """

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            hint = nearest(language, LANGUAGES)
            raise InputError(Problem("language", "not known", language, known, hint))
        self.language = cast(Lang, language)

    def __call__(self, key: str, **values: object) -> str:
        """Give a text with its gaps filled.

        Parameters
        ----------
        key : str
            Group and name, as ``level.title``.
        **values
            What fills the gaps; numbers are given as text.

        Returns
        -------
        str
            The text.
        """
        group, _, name = key.partition(".")
        text = _texts(self.language)[group][name]
        filled = str(text).format(**values) if values else str(text)
        # a number and its unit stay on one line
        return _UNIT.sub(_NARROW, filled)

    def known(self, key: str) -> bool:
        """Tell whether there is a text of that key.

        Parameters
        ----------
        key : str
            Group and name.

        Returns
        -------
        bool
            Whether there is.
        """
        group, _, name = key.partition(".")
        return name in _texts(self.language).get(group, {})

    def number(self, value: float, digits: int = 2, *, sign: bool = False) -> str:
        """Write a number as the language does.

        Parameters
        ----------
        value : float
            The number; a dash stands for one that is missing.
        digits : int, default 2
            Digits after the decimal sign.
        sign : bool, default False
            Whether a plus is written.

        Returns
        -------
        str
            As ``1 234,50``.
        """
        if not math.isfinite(value):
            return _NONE
        text = f"{abs(value):,.{digits}f}"
        zero = float(text.replace(",", "")) == 0.0
        text = text.replace(",", _NARROW)
        if self.language != "en":
            text = text.replace(".", ",")
        if value < 0.0 and not zero:
            return _MINUS + text
        return f"+{text}" if sign and not zero else text

    def count(self, key: str, value: float, digits: int = 0) -> str:
        """Write a number with the form of the noun that goes with it.

        Parameters
        ----------
        key : str
            A text that has plural forms.
        value : float
            The number.
        digits : int, default 0
            Digits after the decimal sign.

        Returns
        -------
        str
            As ``21 год``.
        """
        group, _, name = key.partition(".")
        forms = _texts(self.language)[group][name]
        form = _form(self.language, value, digits)
        return str(forms[form]).format(n=self.number(value, digits)).replace(" ", _NARROW)

    def share(self, value: float, digits: int = 0) -> str:
        """Write a share as percent.

        Parameters
        ----------
        value : float
            The share.
        digits : int, default 0
            Digits after the decimal sign.

        Returns
        -------
        str
            As ``93 %``; a share that is not whole is not rounded to none or all.
        """
        if not math.isfinite(value):
            return _NONE
        edge = 0.5 * 10.0 ** (-digits - 2)
        if 0.0 < value < edge:
            return f"<{_NARROW}{self.number(10.0**-digits, digits)}{_NARROW}%"
        if 1.0 - edge < value < 1.0:
            return f">{_NARROW}{self.number(100.0 - 10.0**-digits, digits)}{_NARROW}%"
        return f"{self.number(100.0 * value, digits)}{_NARROW}%"

    def quantity(self, text: str) -> str:
        """Write an amount of a scenario, as ``3.96 km3/yr``, in the language.

        Parameters
        ----------
        text : str
            Amount and unit.

        Returns
        -------
        str
            With the sign for decimals and the units of the language.
        """
        for unit, shown in _texts(self.language)["units"].items():
            text = re.sub(rf"(?<=\d)\s*{re.escape(unit)}(?![\w/])", f"{_NARROW}{shown}", text)
        return text if self.language == "en" else _DECIMAL.sub(",", text)

    def years(self, years: Iterable[object]) -> str:
        """Write the first and last of some years as a range.

        Parameters
        ----------
        years : iterable
            Years.

        Returns
        -------
        str
            As ``1993–2014``.
        """
        known = list(years)
        return str(known[0]) if known[0] == known[-1] else f"{known[0]}\u2013{known[-1]}"

    def datum(self, text: str) -> str:
        """Name a datum in the language, where it is one that the package ships.

        Parameters
        ----------
        text : str
            Datum of a result.

        Returns
        -------
        str
            Its name.
        """
        return str(_texts(self.language)["datums"].get(text, text))
