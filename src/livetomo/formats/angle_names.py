"""Tilt angles in file names: a pattern that is given, or guessed from the names themselves."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

_NUMBER = r"\d+(?:[.,]\d+)?"
_LETTERS = r"(?<![A-Za-z])(?i:neg_?|minus_?|pos_?|plus_?|[npm])"
_SIGN = rf"(?P<sign>[-+−]|{_LETTERS})?"
_SIGN_BUT_NO_HYPHEN = rf"(?P<sign>(?<![A-Za-z\d])[-+−]|{_LETTERS})?"
_TOKEN = re.compile(rf"{_SIGN}(?P<number>{_NUMBER})(?P<unit>\s*(?:deg(?:rees?)?(?![A-Za-z])|°))?")
_SURE = 30
_MINUS = frozenset("-−nNmM")


@dataclass(frozen=True)
class NamePattern:
    """Where the tilt angle stands in a file name.

    Raises
    ------
    ValueError
        When the pattern is no regular expression or has no group called ``angle``.
    """

    pattern: str
    """Regular expression with a group ``angle`` and, if it likes, a group ``sign`` (n, m or − for minus)."""

    def __post_init__(self) -> None:
        try:
            groups = re.compile(self.pattern).groupindex
        except re.error as error:
            raise ValueError(f"angle_pattern: expected a regular expression, got {self.pattern!r}: {error}") from None
        if "angle" not in groups:
            raise ValueError(
                "angle_pattern: expected a regular expression with a group called angle, such as "
                rf"_(?P<angle>-?\d+\.\d), got {self.pattern!r}"
            )

    def angle(self, name: str) -> float | None:
        """Give the degrees in a name; None when the pattern does not fit it."""
        match = re.search(self.pattern, PurePath(name).name)
        if match is None:
            return None
        text = match["angle"].strip().replace("−", "-").replace(",", ".")
        if text[:1] in _MINUS:
            text = f"-{text[1:]}"
        elif text[:1] in {"p", "P", "+"}:
            text = text[1:]
        sign = match.groupdict().get("sign") or ""
        try:
            return -float(text) if sign[:1] in _MINUS and sign else float(text)
        except ValueError:
            return None


@dataclass(frozen=True)
class _Number:
    """One number in one name."""

    value: float
    text: str
    sign: str
    before: str
    after: str
    has_unit: bool

    @property
    def has_clear_sign(self) -> bool:
        """It is marked + or −, and that cannot be a hyphen between two words."""
        return self.sign in {"-", "+", "−"} and not self.before[-1:].isalnum()

    @property
    def has_unclear_sign(self) -> bool:
        """The hyphen before it may be a minus or only separate two words."""
        return self.sign in {"-", "−"} and self.before[-1:].isalnum()


def guess_pattern(names: Sequence[str]) -> NamePattern | None:
    """Find the number in the names that varies like a tilt angle; None when it is not clear which one does.

    Signs, decimals, degree units, brackets and words such as ``tilt`` speak for a number, counting up by one against
    it. A single name must be quite clear; with more names the guess may change.

    Parameters
    ----------
    names
        File names of one series.
    """
    rows = [row for name in dict.fromkeys(names) if (row := _numbers(name))]
    usual = Counter(len(row) for row in rows).most_common(1)
    rows = [row for row in rows if len(row) == usual[0][0]]
    if not rows:
        return None
    columns = [_without_hyphens(column) for column in zip(*rows, strict=True)]
    varies = [len({(number.value, number.sign) for number in column}) > 1 for column in columns]
    ratings = [
        _rating(column) if moving or not any(varies) else 0 for column, moving in zip(columns, varies, strict=True)
    ]
    if len(rows) >= 3:
        ratings = _favour_the_odd_one_out(columns, varies, ratings)
    best = max(ratings)
    column = columns[ratings.index(best)]
    if best < _SURE or ratings.count(best) > 1 or _has_lost_its_signs(column):
        return None
    return NamePattern(_pattern_of_column(ratings.index(best), column))


def _numbers(name: str) -> list[_Number]:
    stem = re.sub(r"(?:\.[A-Za-z][A-Za-z0-9]{0,4}){1,2}$", "", name)
    return [
        _Number(
            value=float(match["number"].replace(",", ".")) * (-1 if (match["sign"] or "+")[0] in _MINUS else 1),
            text=match["number"],
            sign=match["sign"] or "",
            before=stem[: match.start()],
            after=stem[match.end() :],
            has_unit=match["unit"] is not None,
        )
        for match in _TOKEN.finditer(stem)
    ]


def _without_hyphens(column: tuple[_Number, ...]) -> tuple[_Number, ...]:
    """Where some numbers clearly have a sign, the hyphens before others separate words: ``a--60``, ``a-60``."""
    if not any(number.has_clear_sign for number in column):
        return column
    return tuple(
        replace(number, sign="", value=abs(number.value), before=number.before + number.sign)
        if number.has_unclear_sign
        else number
        for number in column
    )


def _has_lost_its_signs(column: tuple[_Number, ...]) -> bool:
    """All angles lie on one side and come twice: what tells −60 from 60 in these names is not understood."""
    values = [number.value for number in column if number.value]
    times = Counter(values).values()
    return min(values, default=-1) * max(values, default=1) > 0 and len(times) > 1 and set(times) == {2}


def _rating(column: tuple[_Number, ...]) -> int:
    """Say how much the numbers in one place of the names look like tilt angles."""
    largest = max(abs(number.value) for number in column)
    has_unit = all(number.has_unit for number in column)
    decimals = all(re.search("[.,]", number.text) for number in column)
    if largest > (180 if has_unit or decimals else 90):
        return 0
    if any(number.after[:1].isalpha() and not number.has_unit for number in column):
        return 0  # 0.5nm, 12kx: a number with another unit
    signs = {number.sign for number in column}
    if all(number.has_unclear_sign for number in column):
        return 0
    rating = 0
    rating += 100 if has_unit else 0
    rating += 40 if any(number.has_clear_sign for number in column) else 0
    rating += 40 if len(signs) > 1 else 0  # a mark that some have and others do not is a sign, no hyphen or letter
    rating += 30 if decimals else 0
    rating += 30 if all(number.before.endswith("[") and number.after.startswith("]") for number in column) else 0
    rating += 15 if all(re.search(r"(tilt|angle|alpha|theta)[\s_=-]*$", n.before, re.I) for n in column) else 0
    return rating - (40 if _counts_up(column) else 0)


def _counts_up(column: tuple[_Number, ...]) -> bool:
    values = sorted({number.value for number in column})
    whole = all(
        number.text.isdecimal() and number.sign.lower() in {"", "pos", "pos_"} for number in column
    )  # position 1
    return whole and len(values) > 1 and all(b - a == 1 for a, b in zip(values, values[1:], strict=False))


def _favour_the_odd_one_out(columns: list[tuple[_Number, ...]], varies: list[bool], ratings: list[int]) -> list[int]:
    """Where one number counts the files and one other varies, the other one is the angle: ``img_003_54``."""
    moving = [index for index, moves in enumerate(varies) if moves]
    counting = [index for index in moving if _counts_up(columns[index])]
    others = [index for index in moving if index not in counting]
    if len(counting) == 1 and len(others) == 1:
        [other] = others
        fits = all(abs(number.value) <= 90 and not number.after[:1].isalpha() for number in columns[other])
        ratings[other] += _SURE if fits else 0
    if len(moving) == 1 and not counting and ratings[moving[0]] == 15:  # tilt_012, tilt_014: the word and the steps
        ratings[moving[0]] = _SURE
    return ratings


def _pattern_of_column(index: int, column: tuple[_Number, ...]) -> str:
    """Write the guess as a regular expression that a user can read, change and give."""
    sign = _SIGN_BUT_NO_HYPHEN if any(number.has_clear_sign for number in column) else _SIGN
    angle = rf"{sign}(?P<angle>{_NUMBER})"
    if all(number.has_unit for number in column):
        return rf"{angle}\s*(?:deg|°)"
    if all(number.before.endswith("[") and number.after.startswith("]") for number in column):
        return rf"\[{angle}\]"
    skipped = rf"(?:\D*{_NUMBER}){{{index}}}" if index else ""
    return rf"^{skipped}\D*?{angle}"
