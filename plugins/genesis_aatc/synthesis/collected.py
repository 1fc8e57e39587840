"""The operations on numbers of JSON, lists, records and tables: how they run, and how they are written."""

from __future__ import annotations

from .expressions import Op
from .library import lists, moments, rows

__all__ = ["COLLECTED"]


def _number_ops() -> dict[str, Op]:
    """Return arithmetic on whole numbers and floats."""
    return {
        "add": Op(lambda left, right: left + right, "({0} + {1})", "total"),
        "less": Op(lambda left, right: left - right, "({0} - {1})", "difference"),
        "times": Op(lambda left, right: left * right, "({0} * {1})", "product"),
        "ratio": Op(lists._ratio, "_ratio({0}, {1})", "ratio"),
        "quotient": Op(lists._quotient, "_quotient({0}, {1})", "quotient"),
        "rest": Op(lists._rest, "_rest({0}, {1})", "rest"),
        "rounded": Op(round, "round({0}, {1})", "rounded"),
        "to whole": Op(round, "round({0})", "rounded"),
        "abs": Op(abs, "abs({0})", "size"),
        "square": Op(lambda value: value * value, "({0} ** 2)", "square"),
        "minus": Op(lambda value: -value, "(-{0})", "negative"),
        "even": Op(lambda value: value % 2 == 0, "({0} % 2 == 0)", "even"),
        "at least": Op(lambda value, bound: value >= bound, "({0} >= {1})", "enough"),
        "smaller": Op(lambda left, right: left < right, "({0} < {1})", "smaller"),
        "lesser": Op(min, "min({0}, {1})", "lesser"),
        "greater": Op(max, "max({0}, {1})", "greater"),
        "not": Op(lambda value: not value, "(not {0})", "opposite"),
        "both": Op(lambda left, right: left and right, "({0} and {1})", "both"),
        "either": Op(lambda left, right: left or right, "({0} or {1})", "either"),
        "same": Op(lambda left, right: left == right, "({0} == {1})", "same"),
        "whole": Op(lists._whole, "_whole({0})", "number"),
        "real": Op(lists._real, "_real({0})", "number"),
    }


def _list_ops() -> dict[str, Op]:
    """Return the operations on lists."""
    named = {
        "nth": "item", "least": "least", "most": "most", "mean": "mean", "median": "median", "product": "product",
        "distinct": "distinct", "counts": "counts", "commonest": "commonest", "repeated": "repeated",
        "running": "sums", "steps": "steps", "flat": "items",
    }  # fmt: skip
    ops = {name: Op(vars(lists)[f"_{name}"], f"_{name}({{0}})", noun) for name, noun in named.items() if name != "nth"}
    return ops | {
        "nth": Op(lists._nth, "_nth({0}, {1})", "item"),
        "sum": Op(sum, "sum({0})", "total"),
        "down": Op(lambda items: sorted(items, reverse=True), "sorted({0}, reverse=True)", "ordered"),
        "by size": Op(lambda items: sorted(items, key=len), "sorted({0}, key=len)", "ordered"),
        "longest": Op(lambda items: max(items, key=len), "max({0}, key=len)", "longest"),
        "shortest": Op(lambda items: min(items, key=len), "min({0}, key=len)", "shortest"),
        "take": Op(lambda items, count: items[:count], "{0}[:{1}]", "first"),
        "drop": Op(lambda items, count: items[count:], "{0}[{1}:]", "rest"),
        "where above": Op(lambda items, bound: [item for item in items if item >= bound],
                          "[item for item in {0} if item >= {1}]", "kept"),
        "where below": Op(lambda items, bound: [item for item in items if item < bound],
                          "[item for item in {0} if item < {1}]", "kept"),
        "where even": Op(lambda items: [item for item in items if item % 2 == 0],
                         "[item for item in {0} if item % 2 == 0]", "even"),
        "where odd": Op(lambda items: [item for item in items if item % 2],
                        "[item for item in {0} if item % 2]", "odd"),
        "where set": Op(lambda items: [item for item in items if item], "[item for item in {0} if item]", "kept"),
        "where not": Op(lambda items, value: [item for item in items if item != value],
                        "[item for item in {0} if item != {1}]", "kept"),
        "where begins": Op(lambda items, start: [item for item in items if item.startswith(start)],
                           "[item for item in {0} if item.startswith({1})]", "kept"),
        "where ends": Op(lambda items, end: [item for item in items if item.endswith(end)],
                         "[item for item in {0} if item.endswith({1})]", "kept"),
        "where holds": Op(lambda items, part: [item for item in items if part in item],
                          "[item for item in {0} if {1} in item]", "kept"),
        "sizes": Op(lambda items: [len(item) for item in items], "[len(item) for item in {0}]", "sizes"),
        "sums": Op(lambda items: [sum(item) for item in items], "[sum(item) for item in {0}]", "sums"),
        "times each": Op(lambda items, by: [item * by for item in items], "[item * {1} for item in {0}]", "items"),
        "add each": Op(lambda items, more: [item + more for item in items], "[item + {1} for item in {0}]", "items"),
        "square each": Op(lambda items: [item * item for item in items], "[item ** 2 for item in {0}]", "squares"),
        "abs each": Op(lambda items: [abs(item) for item in items], "[abs(item) for item in {0}]", "sizes"),
        "strip each": Op(lambda items: [item.strip() for item in items], "[item.strip() for item in {0}]", "texts"),
        "str each": Op(lambda items: [str(item) for item in items], "[str(item) for item in {0}]", "texts"),
        "whole each": Op(lambda items: [lists._whole(item) for item in items], "[_whole(item) for item in {0}]",
                         "numbers"),
        "real each": Op(lambda items: [lists._real(item) for item in items], "[_real(item) for item in {0}]",
                        "numbers"),
        "common": Op(lists._common, "_common({0}, {1})", "common"),
        "apart": Op(lists._apart, "_apart({0}, {1})", "others"),
        "within": Op(lambda items, value: value in items, "({1} in {0})", "within"),
        "count": Op(lambda items, value: items.count(value), "{0}.count({1})", "count"),
        "split": Op(lambda text, mark: text.split(mark), "{0}.split({1})", "parts"),
        "letters": Op(list, "list({0})", "letters"),
        "reversed": Op(lambda text: text[::-1], "{0}[::-1]", "backwards"),
    }  # fmt: skip


def _row_ops() -> dict[str, Op]:
    """Return the operations on records and tables."""
    plain = {
        "field": 2, "column": 2, "ordered": 3, "totals": 3, "groups": 3, "by_key": 2, "index_of": 3, "picked": 2,
        "without": 2, "renamed": 3, "merged": 2, "inverted": 1, "ordered_fields": 2, "filled": 1, "paired": 2,
        "name_of": 2,
    }  # fmt: skip
    nouns = {"field": "value", "column": "column", "name_of": "name"}
    ops = {name: Op(vars(rows)[f"_{name}"], _call(name, count), nouns.get(name, name.partition("_")[0]))
           for name, count in plain.items()}  # fmt: skip
    for name, count in (("where", 3), ("where_not", 3), ("where_above", 3), ("where_below", 3), ("where_set", 2)):
        ops[f"rows {name}"] = Op(vars(rows)[f"_{name}"], _call(name, count), "rows")
    for name, run, count in (("picked", rows._picked, 2), ("without", rows._without, 2), ("renamed", rows._renamed, 3)):
        ops[f"each {name}"] = Op(lambda table, *args, run=run: [run(row, *args) for row in table],
                                 f"[{_call(name, count).replace('{0}', 'row')} for row in {{0}}]", "rows")  # fmt: skip
    for name, run_values, code in (("sums", sum, "sum(values)"), ("sizes", len, "len(values)"),
                                   ("most", lists._most, "_most(values)"), ("least", lists._least, "_least(values)"),
                                   ("mean", lists._mean, "_mean(values)")):  # fmt: skip
        ops[f"{name} by name"] = Op(
            lambda record, run=run_values: {name: run(values) for name, values in record.items()},
            f"{{{{name: {code} for name, values in {{0}}.items()}}}}", "results")  # fmt: skip
    return ops | {
        "names": Op(list, "list({0})", "names"),
        "fields": Op(lambda record: list(record.values()), "list({0}.values())", "values"),
        "days": Op(moments._days, "_days({0}, {1})", "days"),
        "age": Op(moments._age, "_age({0}, {1})", "years"),
        "minutes": Op(moments._minutes, "_minutes({0}, {1})", "minutes"),
        "date": Op(lambda moment: moment.date().isoformat(), "{0}.date().isoformat()", "date"),
    }


def _call(name: str, count: int) -> str:
    return f"_{name}({', '.join(f'{{{at}}}' for at in range(count))})"


COLLECTED: dict[str, Op] = _number_ops() | _list_ops() | _row_ops()
