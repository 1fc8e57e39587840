"""Learn which tools a request calls, in which order and what flows between them, and measure what that is worth.

    python benchmarks/fit_htdag.py DATA.jsonl TOOLS [--write] [--without PART]... [--quick]

DATA holds rows ``{"request", "nodes", "links", "domain", "tools"?}``, TOOLS is the folder with the tools of each
domain. Rows whose catalogue has one tool teach nothing. Prints JSON: node and edge F1 of rows that were not learned
from, cross-validated by rows and with each domain left out of everything learned in turn; with ``--write`` also writes
``plugins/genesis_htdag/calls.json``. ``--without`` leaves out a part, to see what it is worth. Needs numpy and
scikit-learn (one core: about a minute, and five to cross-validate); the same seed gives the same figures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from _htdag_rows import Row, counted, load
from sklearn.ensemble import HistGradientBoostingClassifier

from genesis_htdag import learned as store
from genesis_htdag.learned import Learned, Linear, Lore, Trees
from genesis_htdag.rivals import BESIDE, MOST, beside
from genesis_htdag.sequence import FLOW, ORDER, arranged, feeds, hidden, links, may_feed, precedes, stops
from genesis_htdag.tools import wanted
from genesis_htdag.traits import LEXICAL, Candidate, informed

SEED = 7
FOLDS = 5
PARTS = ("lore", "rivals", "rules", "strangers", "signs")
TREES, STEP, LEAVES, SMALLEST, PULL, SHARE = 120, 0.06, 12, 80, 3.0, 0.3
"""How the trees grow; SHARE of the numbers is looked at for each split, so that none is relied on alone."""
LORE = ("lore_mean", "lore_least", "prior_mean", "prior_least", "known")
NUMBERS = (*LEXICAL, *LORE, *BESIDE)
MORE = frozenset(
    "sum max evidence objects verb verb_named deed_fits rank_in_clause margin tops rank letters_clause letters_text "
    "letters_rank_clause letters_rank name_said name_meant description_said inputs_said prepares chosen lore_mean "
    "lore_least prior_mean likely beside_best lead unexplained unexplained_share prepares_likely".split()
)
"""Numbers that can only speak for a tool."""
LESS = frozenset("unsaid name_missing deed_clashes bare states place overlap overlaps same_clause".split())
"""Numbers that can only speak against it."""
SIGNS = [1 if n in MORE else -1 if n in LESS else 0 for n in NUMBERS]
EXPECTED_ORDER = [{"clause": 1.0, "within": 1.0, "prepares": 3.0, "fits": 1.0, "finds": 0.5}.get(n, 0.0) for n in ORDER]
EXPECTED_FLOW = [{"prepares": 3.0}.get(n, 0.0) for n in FLOW]
"""What is expected of numbers that the data may not show."""
Numbers = Any
Placed = list[tuple[Candidate, list[float]]]


Seen = tuple[Row, Lore, list[Candidate]]


def views(rows: Sequence[Row], parts: frozenset[str]) -> list[Seen]:
    """Return each row as it looks to whom it is new, and again as to whom its whole domain is."""
    counts, found = counted(rows), list[Seen]()
    for row in rows:
        counts.add(row, -1)
        found.append(_seen(row, counts.lore(row), parts))
        counts.add(row)
    for domain in sorted({row.domain for row in rows}) if "strangers" in parts else ():
        others = counted(row for row in rows if row.domain != domain)
        found += [_seen(row, others.lore(row), parts) for row in rows if row.domain == domain]
    return found


def _seen(row: Row, lore: Lore, parts: frozenset[str]) -> Seen:
    lore = lore if "lore" in parts else Lore()
    made = informed(row.found, row.reading, row.shelf, lore)
    if "rules" not in parts:
        for candidate in made:
            candidate.values[LEXICAL.index("chosen")] = 0.0
    return row, lore, made


def first_of(seen: Sequence[Seen]) -> Linear:
    """Return the linear score of candidates by themselves."""
    x = np.array([c.values for _, _, made in seen for c in made])
    y = np.array([c.ability.index in row.gold for row, _, made in seen for c in made])
    return _regression(x, y)


def _regression(
    x: Numbers, y: Numbers, *, even: bool = False, toward: Sequence[float] | None = None, pull: float = 3.0
) -> Linear:  # fmt: skip
    """Return the logistic regression of *y* on *x*, drawn *toward* weights that are expected (Newton's method).

    *even*: without a start, for numbers that change sign together.
    """
    wide = np.sqrt((x**2).mean(0) - (0 if even else x.mean(0) ** 2)) + 1e-9
    known = wide > 1e-6
    scale = np.where(known, wide, 1.0)
    design = np.where(known, x, 0.0) / scale if even else np.column_stack([(x - x.mean(0)) / scale, np.ones(len(x))])
    aim = np.zeros(design.shape[1])
    aim[: x.shape[1]] = (np.zeros(x.shape[1]) if toward is None else np.array(toward)) * scale
    weights, ridge = aim.copy(), np.full(design.shape[1], pull)
    if not even:
        ridge[-1] = 1e-6
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (p - y) + ridge * (weights - aim)
        bend = (design * (p * (1 - p) + 1e-9)[:, None]).T @ design + np.diag(ridge)
        weights = weights - np.linalg.solve(bend, slope)
    plain = weights[: x.shape[1]] / scale
    start = 0.0 if even else float(weights[-1] - (plain * x.mean(0)).sum())
    return Linear(tuple(round(float(w), 5) for w in plain), round(start, 5))


def shortlisted(seen: Sequence[Seen], first: Linear) -> list[Placed]:
    """Return for each row its likeliest candidates with all their numbers."""
    found = []
    for row, _, made in seen:
        scored = sorted(((c, first.score(c.values)) for c in made), key=lambda p: (-p[1], p[0].ability.index))[:MOST]
        ranked = [c for c, _ in scored]
        rows = beside(ranked, [p for _, p in scored], row.reading, row.shelf)
        found.append([(c, [*c.values, *numbers]) for c, numbers in zip(ranked, rows, strict=True)])
    return found


def trees_of(rows: Sequence[Row], short: Sequence[Placed], parts: frozenset[str]) -> Trees:
    """Return the trees that decide among the candidates of one row."""
    x = np.array([numbers for found in short for _, numbers in found])
    if "rivals" not in parts:
        x[:, len(NUMBERS) - len(BESIDE) + 1:] = 0.0
    y = np.array([c.ability.index in row.gold for row, found in zip(rows, short, strict=True) for c, _ in found])
    model = HistGradientBoostingClassifier(
        max_iter=TREES, learning_rate=STEP, max_leaf_nodes=LEAVES, min_samples_leaf=SMALLEST, l2_regularization=PULL,
        max_features=SHARE, random_state=SEED, early_stopping=False, monotonic_cst=SIGNS if "signs" in parts else None,
    ).fit(x, y)  # fmt: skip
    return Trees(tuple(_tree(p[0].nodes) for p in model._predictors), float(model._baseline_prediction[0, 0]))


def _tree(nodes: Numbers) -> tuple[tuple[int, float, int, int], ...]:
    return tuple(
        (-1, round(float(n["value"]), 5), 0, 0) if n["is_leaf"]
        else (int(n["feature_idx"]), float(f"{n['num_threshold']:.6g}"), int(n["left"]), int(n["right"])) for n in nodes
    )  # fmt: skip


def threshold_of(rows: Sequence[Row], short: Sequence[Placed], parts: frozenset[str]) -> float:
    """Return the threshold that gives the best node F1 on rows that the trees did not learn from."""
    fold = folds(len({id(row) for row in rows}), SEED + 1, 3)
    number = {key: at for at, key in enumerate(dict.fromkeys(id(row) for row in rows))}
    place = [fold[number[id(row)]] for row in rows]
    scored: list[tuple[float, bool]] = []
    for k in range(3):
        kept = [at for at, p in enumerate(place) if p != k]
        trees = trees_of([rows[at] for at in kept], [short[at] for at in kept], parts)
        for at in (at for at, p in enumerate(place) if p == k and not rows[at].own):
            scored += [(trees.score(numbers), c.ability.index in rows[at].gold) for c, numbers in short[at]]
    wanted = sum(len(row.gold) for row in rows if not row.own)
    return best_threshold(scored, wanted)


def best_threshold(scored: Sequence[tuple[float, bool]], wanted: int) -> float:
    """Return the threshold, of those from 0.1 to 0.7, at which F1 is best."""
    def f1(bar: float) -> float:
        kept = [right for score, right in scored if score >= bar]
        return 2 * sum(kept) / (len(kept) + wanted)

    return max((round(0.1 + 0.02 * n, 2) for n in range(31)), key=f1)


def sequences(seen: Sequence[Seen], known: Learned) -> tuple[Linear, Linear, float]:
    """Return the linear scores of order and flow, and the threshold of flow."""
    pairs: list[tuple[list[float], bool]] = []
    for row, lore, made in seen:
        told = replace(known, lore=lore)
        gold = {c.ability.index: c for c in made if c.ability.index in row.gold}
        at = stops([(c, 1.0) for c in gold.values()], row.reading, row.shelf)
        place = {stop.made.ability.index: row.gold.index(stop.made.ability.index) for stop in at}
        for one in at:
            for other in at:
                if one is not other:
                    first = place[one.made.ability.index] < place[other.made.ability.index]
                    pairs.append((precedes(one, other, row.shelf, told), first))
    order = _regression(*_arrays(pairs), even=True, toward=EXPECTED_ORDER)
    flows = _flow_pairs(seen, replace(known, order=order))
    flow = _regression(*_arrays(flows), toward=EXPECTED_FLOW)
    bar = best_threshold([(flow.score(x), y) for x, y in flows], sum(y for _, y in flows))
    return order, flow, bar


def _arrays(pairs: Sequence[tuple[list[float], bool]]) -> tuple[Numbers, Numbers]:
    return np.array([x for x, _ in pairs]), np.array([y for _, y in pairs])


def _flow_pairs(seen: Sequence[Seen], known: Learned) -> list[tuple[list[float], bool]]:
    found: list[tuple[list[float], bool]] = []
    for row, lore, made in seen:
        gold = [(c, 1.0) for c in made if c.ability.index in row.gold]
        order = arranged(stops(gold, row.reading, row.shelf), row.shelf, replace(known, lore=lore))
        if hidden(order, row.shelf):
            continue
        for taker, other in enumerate(order):
            for giver in (g for g in range(taker) if may_feed(order[g], other, row.shelf)):
                pair = order[giver].made.ability.index, other.made.ability.index
                found.append((feeds(order, giver, taker, row.reading, row.shelf), pair in row.links))
    return found


def learn(rows: Sequence[Row], parts: frozenset[str]) -> Learned:
    """Return all that is learned from *rows*."""
    seen = views(rows, parts)
    first = first_of(seen)
    short, each = shortlisted(seen, first), [row for row, _, _ in seen]
    known = Learned(first=first, decide=trees_of(each, short, parts), threshold=threshold_of(each, short, parts),
                    lore=counted(rows).lore() if "lore" in parts else Lore())  # fmt: skip
    order, flow, bar = sequences(seen, known)
    return replace(known, order=order, flow=flow, flows=bar)


Hits = tuple[str, tuple[int, int, int], tuple[int, int, int]]
"""The domain of a row; how many nodes and edges were predicted, are right, and were right to predict."""


def judge(rows: Sequence[Row], known: Learned, parts: frozenset[str]) -> list[Hits]:
    """Return how each of *rows* that brings no catalogue of its own comes out."""
    found = []
    for row in (r for r in rows if not r.own):
        _, _, made = _seen(row, known.lore, parts)
        scored = sorted(((c, known.first.score(c.values)) for c in made), key=lambda p: (-p[1], p[0].ability.index))
        called = wanted(scored[:MOST], row.reading, row.shelf, known)
        order = arranged(stops(called, row.reading, row.shelf), row.shelf, known)
        names = [stop.made.ability.index for stop in order]
        edges = {(names[g], names[t]) for t, gs in enumerate(links(order, row.reading, row.shelf, known)) for g in gs}
        found.append((row.domain, _hits(set(names), set(row.gold)), _hits(edges, row.links)))
    return found


def _hits(predicted: set[Any], gold: set[Any]) -> tuple[int, int, int]:
    return len(predicted), len(predicted & gold), len(gold)


def figures(hits: Sequence[Hits]) -> dict[str, object]:
    """Return node and edge F1 over all and for each domain, with intervals of 95 % by bootstrap over rows."""
    report: dict[str, object] = {"all": _f1s(hits)}
    draw = random.Random(SEED)
    tries = [_f1s([hits[draw.randrange(len(hits))] for _ in hits]) for _ in range(300)]
    for at, name in enumerate(("node", "edge")):
        values = sorted(t[at] for t in tries)
        report[f"{name}_95_percent"] = [values[7], values[292]]
    return report | {d: _f1s([h for h in hits if h[0] == d]) for d in sorted({h[0] for h in hits})}


def _f1s(hits: Sequence[Hits]) -> tuple[float, float]:
    sums = [[sum(h[1][k] for h in hits) for k in range(3)], [sum(h[2][k] for h in hits) for k in range(3)]]
    node, edge = (round(200 * right / max(predicted + gold, 1), 1) for predicted, right, gold in sums)
    return node, edge


def folds(size: int, seed: int, count: int) -> list[int]:
    """Return the fold of each of *size* rows."""
    order = list(range(size))
    random.Random(seed).shuffle(order)
    place = [0] * size
    for at, number in enumerate(order):
        place[number] = at % count
    return place


def validate(rows: Sequence[Row], parts: frozenset[str]) -> dict[str, object]:
    """Return the figures of rows that were not learned from, and of domains that were not."""
    fold = folds(len(rows), SEED, FOLDS)
    by_row: list[Hits] = []
    for k in range(FOLDS):
        known = learn([row for row, f in zip(rows, fold, strict=True) if f != k], parts)
        by_row += judge([row for row, f in zip(rows, fold, strict=True) if f == k], known, parts)
    by_domain: list[Hits] = []
    for domain in sorted({row.domain for row in rows if not row.own}):
        known = learn([row for row in rows if row.domain != domain], parts)
        by_domain += judge([row for row in rows if row.domain == domain], known, parts)
    return {"by_rows": figures(by_row), "one_domain_left_out": figures(by_domain)}


def artefact(data: bytes, known: Learned) -> str:
    """Return the text to commit."""
    about = {
        "about": "learned by benchmarks/fit_htdag.py: which tools a request calls, in which order, and what flows",
        "data": "requests over UltraTool and RestBench-TMDB (GNN4TaskPlan, MIT), NESTFUL and BFCL (Apache-2.0)",
        "data_sha256": hashlib.sha256(data).hexdigest(), "script_sha256": script_digest(), "seed": SEED,
        "numbers": list(NUMBERS), "order_numbers": list(ORDER), "flow_numbers": list(FLOW),
        "threshold": known.threshold, "flows": known.flows,
    }  # fmt: skip
    body = {
        "first": _plain(known.first), "order": _plain(known.order), "flow": _plain(known.flow),
        "decide": {"start": known.decide.start, "trees": known.decide.trees},
        "lore": {"prior": known.lore.prior, "early": known.lore.early,
                 "words": {t: dict(sorted(w.items())) for t, w in sorted(known.lore.words.items())}},
    }  # fmt: skip
    parts = (f",\n {json.dumps(name)}: {json.dumps(part, separators=(',', ':'))}" for name, part in body.items())
    return json.dumps(about, indent=1)[:-2] + "".join(parts) + "\n}\n"


def _plain(score: Linear) -> dict[str, object]:
    return {"weights": score.weights, "start": score.start}


def script_digest() -> str:
    """Return the sha256 of this script and of what reads the rows for it."""
    here = Path(__file__)
    return hashlib.sha256(here.read_bytes() + here.with_name("_htdag_rows.py").read_bytes()).hexdigest()


def main() -> None:
    """Measure, and write the artefact when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--without", action="append", default=[], choices=PARTS)
    parser.add_argument("--quick", action="store_true", help="do not cross-validate")
    options = parser.parse_args()
    parts = frozenset(PARTS) - set(options.without)
    began = time.process_time()
    rows = load(options.data, options.tools)
    report: dict[str, object] = {"rows": len(rows), "seed": SEED, "without": options.without}
    if not options.quick:
        report |= validate(rows, parts)
    if options.write:
        known = learn(rows, parts)
        store.FILE.write_text(artefact(options.data.read_bytes(), known), encoding="utf-8")
        report["on_its_own_training_rows"] = figures(judge(rows, known, parts))
    report["seconds"] = round(time.process_time() - began, 1)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
