"""Work on records and on tables, which are lists of records."""

from __future__ import annotations

from typing import Any


def _field(record: dict[str, Any], name: str) -> Any:
    """Return the field of *record* with this name."""
    if name not in record:
        raise ValueError(f"no field {name!r}")
    return record[name]


def _column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    """Return the field with this name of every row."""
    return [_field(row, name) for row in rows]


def _where(rows: list[dict[str, Any]], name: str, value: Any) -> list[dict[str, Any]]:
    """Return the rows whose field has this value."""
    return [row for row in rows if _field(row, name) == value]


def _where_not(rows: list[dict[str, Any]], name: str, value: Any) -> list[dict[str, Any]]:
    """Return the rows whose field has another value."""
    return [row for row in rows if _field(row, name) != value]


def _where_above(rows: list[dict[str, Any]], name: str, bound: float) -> list[dict[str, Any]]:
    """Return the rows whose field is at least *bound*."""
    return [row for row in rows if _field(row, name) >= bound]


def _where_below(rows: list[dict[str, Any]], name: str, bound: float) -> list[dict[str, Any]]:
    """Return the rows whose field is below *bound*."""
    return [row for row in rows if _field(row, name) < bound]


def _where_set(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Return the rows whose field holds something."""
    return [row for row in rows if row.get(name)]


def _ordered(rows: list[dict[str, Any]], name: str, down: bool) -> list[dict[str, Any]]:
    """Return the rows in the order of a field; rows that are equal in it keep their order."""
    return sorted(rows, key=lambda row: _field(row, name), reverse=down)


def _totals(rows: list[dict[str, Any]], key: str, name: str) -> dict[str, Any]:
    """Return the sum of a field for each value of *key*."""
    totals: dict[str, Any] = {}
    for row in rows:
        totals[_field(row, key)] = totals.get(_field(row, key), 0) + _field(row, name)
    return totals


def _groups(rows: list[dict[str, Any]], key: str, name: str) -> dict[str, Any]:
    """Return the values of a field for each value of *key*."""
    groups: dict[str, Any] = {}
    for row in rows:
        groups.setdefault(_field(row, key), []).append(_field(row, name))
    return groups


def _by_key(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """Return the rows for each value of *key*."""
    groups: dict[str, Any] = {}
    for row in rows:
        groups.setdefault(_field(row, key), []).append(row)
    return groups


def _index_of(rows: list[dict[str, Any]], key: str, name: str) -> dict[str, Any]:
    """Return a field of each row by another."""
    return {_field(row, key): _field(row, name) for row in rows}


def _picked(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields with these names."""
    return {name: _field(row, name) for name in names}


def _without(row: dict[str, Any], name: str) -> dict[str, Any]:
    """Return all fields but one."""
    return {one: value for one, value in row.items() if one != name}


def _renamed(row: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """Return the fields with one of them called otherwise."""
    return {new if name == old else name: value for name, value in row.items()}


def _merged(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of both; those of *right* win."""
    return {**left, **right}


def _inverted(record: dict[str, Any]) -> dict[str, Any]:
    """Return the names by their values."""
    return {value: name for name, value in record.items()}


def _ordered_fields(record: dict[str, Any], down: bool) -> dict[str, Any]:
    """Return the fields in the order of their values."""
    return dict(sorted(record.items(), key=lambda pair: pair[1], reverse=down))


def _filled(record: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that hold something."""
    return {name: value for name, value in record.items() if value not in (None, "", [], {})}


def _paired(names: list[str], values: list[Any]) -> dict[str, Any]:
    """Return a record of *names* and *values*, of which there must be as many."""
    if len(names) != len(values):
        raise ValueError(f"{len(names)} names for {len(values)} values")
    return dict(zip(names, values, strict=True))


def _name_of(record: dict[str, Any], down: bool) -> Any:
    """Return the name whose value is the smallest, or the largest when *down*."""
    if not record:
        raise ValueError("a record without fields")
    return max(record, key=lambda name: record[name]) if down else min(record, key=lambda name: record[name])
