"""Dataclasses read from the tables of TOML and JSON files, every value checked.

Standard library only. A field may be a `bool`, `int`, `float`, `str`, `Path`, `StrEnum`, `Literal` or
`tuple[int, ...]`, or one of these or None. `Limits`, `OneOf` and `Text` in an `Annotated` type say which of its values
are allowed.

pydantic does the same, but takes 15 to 40 ms to build its models, which every command would wait for.
"""

import math
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar

T = TypeVar("T")
_NOUNS = {bool: "true or false", str: "a text", Path: "a path"}


class FieldError(ValueError):
    """A table that does not fit its dataclass; the message names the key but not the file."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The numbers that a field, or each number of its tuple, may have.

    Attributes:
        min: the smallest; None for no limit.
        max: the largest; None for no limit.
        multiple: a whole number has to be a multiple of this.
    """

    min: float | None = None
    max: float | None = None
    multiple: int = 1

    def allow(self, value: object) -> bool:
        """Return whether a number lies within the limits; anything that is no number does."""
        if not isinstance(value, int | float):
            return True
        low = self.min is None or value >= self.min
        high = self.max is None or value <= self.max
        return low and high and (self.multiple == 1 or value % self.multiple == 0)

    def describe(self) -> str:
        """Return the limits as the end of a sentence: ` from 1 to 512`, ` from 1 up`, or nothing."""
        start = "" if self.min is None else f" from {self.min}"
        if self.max is None:
            return f"{start} up" if start else ""
        return f"{start} to {self.max}" if start else f" up to {self.max}"


@dataclass(frozen=True)
class OneOf:
    """The words that a `str` may be, where no `Literal` can list them."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Text:
    """What a `str` has to look like.

    Attributes:
        fits: whether a text does.
        expected: a description for the error.
    """

    fits: Callable[[str], bool]
    expected: str


def from_table(kind: type[T], table: Mapping[str, object]) -> T:
    """Return a dataclass made of a table's values; fields that the table leaves out have their defaults.

    Args:
        kind: the dataclass.
        table: keys are its fields.

    Raises:
        FieldError: a key is unknown or missing, or its value is not allowed.
    """
    values = check_values(kind, table)
    for field in fields(kind):  # type: ignore[arg-type] # a dataclass
        if field.name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise FieldError(f"{field.name} is missing")
    return kind(**values)


def check_values(kind: type, table: Mapping[str, object]) -> dict[str, Any]:
    """Return a table's values as the dataclass holds them: lists as tuples, words as members of their enum.

    Args:
        kind: the dataclass.
        table: keys are some of its fields.

    Raises:
        FieldError: a key is unknown or its value is not allowed.
    """
    known = {field.name for field in fields(kind)}
    types = {name: value for name, value in typing.get_type_hints(kind, include_extras=True).items() if name in known}
    for key in table:
        if key not in types:
            raise FieldError(f"unknown key {key!r:.40}; known are {', '.join(types)}")
    return {key: _check(key, value, types[key]) for key, value in table.items()}


def _check(key: str, value: object, annotation: Any) -> Any:
    """Return one value as its field holds it, or raise a FieldError."""
    kind = annotation
    extras: list[Any] = []
    if typing.get_origin(annotation) is Annotated:
        kind, *extras = typing.get_args(annotation)
    if typing.get_origin(kind) in {UnionType, typing.Union}:
        if value is None:
            return None
        kind = next(part for part in typing.get_args(kind) if part is not NoneType)
    rule = next((extra for extra in extras if isinstance(extra, Limits | OneOf | Text)), Limits())
    fits = _fits(value, kind)
    if fits and isinstance(rule, Limits):
        fits = all(rule.allow(number) for number in (value if isinstance(value, list | tuple) else [value]))
    elif fits and isinstance(rule, OneOf):
        fits = value in rule.words
    elif fits and isinstance(rule, Text):
        fits = rule.fits(str(value))
    if not fits:
        raise FieldError(f"{key} = {value!r:.40}; expected {_expected(kind, rule)}")
    if typing.get_origin(kind) is tuple:
        return tuple(value)  # type: ignore[arg-type] # a list of numbers
    return kind(value) if kind is float or kind is Path or _is_enum(kind) else value


def _fits(value: object, kind: Any) -> bool:
    """Return whether a value is of a field's type; no bool is a number, and no number is infinite."""
    if typing.get_origin(kind) is tuple:
        return isinstance(value, list | tuple) and all(_fits(item, int) for item in value)
    if typing.get_origin(kind) is Literal:
        return value in typing.get_args(kind)
    if _is_enum(kind):
        return isinstance(value, str) and value in set(kind)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value)
    return isinstance(value, str | Path if kind is Path else kind)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False


def _expected(kind: Any, rule: Limits | OneOf | Text) -> str:
    """Return what a field may be, for an error."""
    if isinstance(rule, Text):
        return rule.expected
    if isinstance(rule, OneOf):
        return f"one of {', '.join(rule.words)}"
    if _is_enum(kind) or typing.get_origin(kind) is Literal:
        return f"one of {', '.join(kind if _is_enum(kind) else typing.get_args(kind))}"
    if kind in _NOUNS:
        return _NOUNS[kind]
    one, many = ("a number", "numbers") if kind is float else ("a whole number", "whole numbers")
    if rule.multiple > 1:
        one, many = f"a multiple of {rule.multiple}", f"multiples of {rule.multiple}"
    return (f"a list of {many}" if typing.get_origin(kind) is tuple else one) + rule.describe()


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, StrEnum)
