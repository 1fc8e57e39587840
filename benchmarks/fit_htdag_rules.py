"""Choose the constants of ``genesis_htdag/hearing.py`` anew without a domain, and measure that domain with them.

    python benchmarks/fit_htdag_rules.py DATA.jsonl TOOLS

The constants were chosen by hand on all of the development data, and what is learned stands on them. So for each
domain they are chosen again, from neutral values, one after the other, by the node F1 of the rules on all other
domains; then everything is learned again from the other domains with these constants (``fit_htdag.py``), and the domain
is measured. Prints JSON; writes nothing. Needs what ``fit_htdag.py`` needs; one core, about five minutes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import fit_htdag as fit

from genesis_htdag import hearing, traits
from genesis_htdag.hearing import by_rules

NEUTRAL = {
    "ENOUGH": 0.5, "BARE": 1.0, "REST": 1.0, "AFTER": 1.0, "PROPER": 1.0, "GENERIC": 1.0, "UNSAID": 0.0,
    "OTHER_DEED": 1.0, "KIN": 0.0,
}  # fmt: skip
"""Values at which a constant does nothing, or nothing in particular."""
TRIED = {
    "ENOUGH": (0.3, 0.45, 0.6, 0.8), "BARE": (1.4, 1.8, 2.5), "REST": (0.5, 0.7, 1.5), "AFTER": (0.8, 0.6, 0.4),
    "PROPER": (0.7, 0.4, 0.2), "GENERIC": (0.6, 0.3, 0.1), "UNSAID": (0.3, 0.6, 0.9), "OTHER_DEED": (0.7, 0.4, 0.1),
    "KIN": (0.25, 0.5, 1.0),
}  # fmt: skip


def put(constants: Mapping[str, float]) -> None:
    """Let the rules, and what is told of tools, use *constants*."""
    for name, value in constants.items():
        setattr(hearing, name, value)
        if hasattr(traits, name):
            setattr(traits, name, value)


def score(rows: Sequence[fit.Row]) -> float:
    """Return the node F1 of the rules on *rows*."""
    predicted = right = wanted = 0
    for row in rows:
        found = by_rules(row.reading.clauses, row.shelf.catalogue, row.shelf.needs)
        predicted, right, wanted = predicted + len(found), right + len(found & {*row.gold}), wanted + len({*row.gold})
    return 200 * right / max(predicted + wanted, 1)


def chosen(rows: Sequence[fit.Row]) -> dict[str, float]:
    """Return the constants that are best on *rows*, each chosen after those before it."""
    best = dict(NEUTRAL)
    put(best)
    top = score(rows)
    for name, values in TRIED.items():
        for value in values:
            put({**best, name: value})
            if (found := score(rows)) > top:
                best, top = {**best, name: value}, found
    put(best)
    return best


def main() -> None:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("tools", type=Path)
    options = parser.parse_args()
    rows = fit.load(options.data, options.tools)
    by_hand = {name: getattr(hearing, name) for name in NEUTRAL}
    report: dict[str, object] = {"by_hand": by_hand, "rules_by_hand": round(score([r for r in rows if not r.own]), 1)}
    everything, hits = frozenset(fit.PARTS), list[fit.Hits]()
    alone = [0, 0, 0]
    for domain in sorted({row.domain for row in rows if not row.own}):
        constants = chosen([row for row in rows if row.domain != domain and not row.own])
        again = fit.load(options.data, options.tools)
        held = [row for row in again if row.domain == domain]
        report[domain] = {"constants": constants, "rules": round(score(held), 1)}
        for row in held:
            found = by_rules(row.reading.clauses, row.shelf.catalogue, row.shelf.needs)
            for at, number in enumerate((len(found), len(found & {*row.gold}), len({*row.gold}))):
                alone[at] += number
        known = fit.learn([row for row in again if row.domain != domain], everything)
        hits += fit.judge(held, known, everything)
    put(by_hand)
    report["rules_one_domain_left_out"] = round(200 * alone[1] / (alone[0] + alone[2]), 1)
    report["one_domain_left_out"] = fit.figures(hits)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
