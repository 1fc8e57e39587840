"""Learn what words say about fields of work, and measure by cross-validation what that is worth.

    python benchmarks/fit_halo.py DATA.jsonl [--write]

DATA holds rows ``{"task", "agent", "occupation"}``. Learned are weights of (word, field of work); an agent's name is
used only to say which card was right, so that renaming a card changes nothing. Prints JSON; with ``--write`` also
writes ``plugins/genesis_halo/weights.json``. Standard library and Genesis only; the same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import mul
from pathlib import Path

from genesis_agents._cards import cards
from genesis_halo import _board, _encoder, _lexicon, _match
from genesis_halo._words import Reader

SEED = 7
FOLDS = 5
EPOCHS = 120
STEP, SCALE_STEP = 0.3, 0.05
DECAY = 0.12
"""Strength of the pull towards 0 (L2)."""
RARE = 2
"""A word that stands in fewer tasks teaches nothing."""
HOME = Path(_lexicon.__file__).parent

TRUST = 5.0
"""Strength of the pull of the scale towards 1: how much the written words are believed beside what is learned."""

Row = dict[str, str]
Weights = dict[str, list[float]]


@dataclass
class Learned:
    """What is learned: weights of words by field, and how far the rest of the score is believed."""

    weights: Weights
    scale: float = 1.0


@dataclass(frozen=True)
class Example:
    """A task as the model sees it: base scores, weighted words, and the place of the right card."""

    base: list[float]
    terms: list[tuple[str, float]]
    right: int


@dataclass(frozen=True)
class Setup:
    """What does not change while learning: the cards as fields of work."""

    names: tuple[str, ...]
    profiles: tuple[_match.Profile, ...]
    reader: Reader
    written: _lexicon.Lexicon


def read(path: Path) -> list[Row]:
    """Return the rows of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def setup() -> Setup:
    """Return the built-in cards as routing reads them."""
    reader, written = Reader(), _lexicon.written_lexicon()
    profiles = tuple(_match.profile(card, written, reader) for card in cards())
    return Setup(tuple(card.name for card in cards()), profiles, reader, written)


def counted(world: Setup, rows: Sequence[Row]) -> _lexicon.Lexicon:
    """Return the written lexicon that knows how common words are in *rows*."""
    seen: Counter[str] = Counter()
    for row in rows:
        words = world.reader.words(row["task"])
        seen.update({*words, *_lexicon.pairs(words)})
    common = {term: n for term, n in sorted(seen.items()) if n >= RARE}
    return replace(world.written, documents=len(rows), counts=common)


def examples(world: Setup, lexicon: _lexicon.Lexicon, rows: Sequence[Row]) -> list[Example]:
    """Return *rows* as the model sees them under *lexicon*."""
    matcher = _match.Matcher(world.profiles, lexicon)
    found = []
    for row in rows:
        words = world.reader.words(row["task"])
        weight = {w: lexicon.importance(w) for w in sorted(set(words))}
        length = math.sqrt(sum(map(lexicon.weight, weight)) + _match.SMOOTHING)
        terms = [(w, v / length) for w, v in weight.items() if w in lexicon.counts]
        found.append(Example(matcher.scores(words, set(words)), terms, world.names.index(row["agent"])))
    return found


def probabilities(world: Setup, example: Example, learned: Learned) -> list[float]:
    """Return how likely each card is the right one."""
    weights = learned.weights
    lean = [0.0] * len(world.written.fields)
    for term, x in example.terms:
        for place, value in enumerate(weights[term]):
            lean[place] += x * value
    scores = [
        learned.scale * base + sum(a * b for a, b in zip(lean, p.fields, strict=True))
        for base, p in zip(example.base, world.profiles, strict=True)
    ]
    top = max(scores)
    powers = [math.exp(s - top) for s in scores]
    return [p / sum(powers) for p in powers]


def learn(world: Setup, lexicon: _lexicon.Lexicon, rows: Sequence[Row]) -> Learned:
    """Return what makes the right cards likely (AdaGrad on the whole set; the problem is convex)."""
    size = len(lexicon.fields)
    found = Learned({term: [0.0] * size for term in lexicon.counts if " " not in term})
    speed: Weights = {term: [1e-6] * size for term in found.weights}
    known, scale_speed = examples(world, lexicon, rows), 1e-6
    for _ in range(EPOCHS):
        slope, scale_slope = _gradient(world, known, found)
        _climb(found.weights, speed, slope)
        scale_speed += scale_slope * scale_slope
        found.scale -= SCALE_STEP * scale_slope / math.sqrt(scale_speed)
    return found


def _gradient(world: Setup, known: Iterable[Example], learned: Learned) -> tuple[Weights, float]:
    columns = list(zip(*(p.fields for p in world.profiles), strict=True))
    slope: Weights = {term: [DECAY * v for v in row] for term, row in learned.weights.items()}
    scale = TRUST * (learned.scale - 1)
    for example in known:
        miss = probabilities(world, example, learned)
        miss[example.right] -= 1
        scale += sum(map(mul, miss, example.base))
        lean = [sum(map(mul, miss, column)) for column in columns]
        for term, x in example.terms:
            row = slope[term]
            for place, value in enumerate(lean):
                row[place] += x * value
    return slope, scale


def _climb(weights: Weights, speed: Weights, slope: Weights) -> None:
    for term, row in slope.items():
        for place, value in enumerate(row):
            speed[term][place] += value * value
            weights[term][place] -= STEP * value / math.sqrt(speed[term][place])


def with_weights(lexicon: _lexicon.Lexicon, found: Learned) -> _lexicon.Lexicon:
    """Return *lexicon* with what was learned, as it is written: the scale of the whole score stands apart."""
    scale = round(found.scale, 3)
    learned = {
        term: {k: round(v / scale, 2) for k, v in enumerate(row) if abs(v / scale) >= 0.05}
        for term, row in sorted(found.weights.items())
    }
    return replace(lexicon, learned=learned, scale=scale)


def folds(rows: Sequence[Row], key: str, seed: int) -> list[list[int]]:
    """Return FOLDS sets of row numbers; rows with the same *key* stand together."""
    groups: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(row[key], []).append(number)
    names = sorted(groups)
    random.Random(seed).shuffle(names)
    found: list[list[int]] = [[] for _ in range(FOLDS)]
    for name in names:
        min(found, key=len).extend(groups[name])
    return found


def validate(world: Setup, rows: Sequence[Row], key: str, *, seeds: int = 2) -> dict[str, object]:
    """Return the share right at the first and within the first three, on rows that were not learned from."""
    hits: list[tuple[float, bool, bool]] = []
    for seed in range(SEED, SEED + seeds):
        for held in folds(rows, key, seed):
            kept = [row for number, row in enumerate(rows) if number not in set(held)]
            lexicon = counted(world, kept)
            full = with_weights(lexicon, learn(world, lexicon, kept))
            hits += judge(world, full, [rows[number] for number in held])
    return summary(hits, seeds)


def judge(world: Setup, lexicon: _lexicon.Lexicon, rows: Sequence[Row]) -> list[tuple[float, bool, bool]]:
    """Return confidence, right at once and right within three, for each of *rows*, by the matcher that runs."""
    matcher, reads = _match.Matcher(world.profiles, lexicon), _encoder.encoder()
    scale = lexicon.scale * (1 if reads is None else _encoder.COOL)
    found = []
    for row in rows:
        words = world.reader.words(row["task"])
        scores = matcher.scores(words, set(words))
        if reads is not None:
            scores = _board.hinted(scores, reads.leans(row["task"]), world.profiles, lexicon)
        order = sorted(range(len(scores)), key=lambda k: -scores[k])
        sure = 1 / sum(math.exp(scale * (s - max(scores))) for s in scores)
        right = world.names.index(row["agent"])
        found.append((sure, right == order[0], right in order[:3]))
    return found


def summary(hits: list[tuple[float, bool, bool]], repeats: int = 1) -> dict[str, object]:
    """Return the figures of *hits*, which hold each row *repeats* times."""
    surest = sorted(hits, key=lambda h: -h[0])[: int(0.3 * len(hits))]
    share = {
        "top1": sum(h[1] for h in hits) / len(hits),
        "top3": sum(h[2] for h in hits) / len(hits),
        "top1_on_surest_30_percent": sum(h[1] for h in surest) / len(surest),
        "mean_confidence": sum(h[0] for h in hits) / len(hits),
    }
    report: dict[str, object] = {name: round(value, 4) for name, value in share.items()}
    report["calibration_error"] = calibration(hits)
    for name, count, size in (("top1", share["top1"], len(hits)), ("top3", share["top3"], len(hits)),
                              ("surest", share["top1_on_surest_30_percent"], len(surest))):  # fmt: skip
        report[f"{name}_95_percent"] = interval(count, size // repeats)
    return report


def calibration(hits: Sequence[tuple[float, bool, bool]]) -> float:
    """Return how far confidence is from what comes true, over ten groups of equal size."""
    order = sorted(hits)
    groups = [order[len(order) * k // 10 : len(order) * (k + 1) // 10] for k in range(10)]
    gaps = [abs(sum(h[0] - h[1] for h in group)) for group in groups]
    return round(sum(gaps) / len(order), 4)


def interval(share: float, size: int) -> tuple[float, float]:
    """Return Wilson's interval of a share of *size* rows, at 95 %."""
    z = 1.96
    middle = (share + z * z / (2 * size)) / (1 + z * z / size)
    wide = z / (1 + z * z / size) * math.sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    return round(middle - wide, 4), round(middle + wide, 4)


def artefact(data: bytes, lexicon: _lexicon.Lexicon) -> str:
    """Return the bytes to commit, one word a line."""
    about = {
        "about": "learned by benchmarks/fit_halo.py: word -> [tasks that hold it, {field of work: weight}]",
        "data": "O*NET task statements (U.S. Department of Labor, CC BY 4.0), odd task ids, mapped to built-in agents",
        "data_sha256": hashlib.sha256(data).hexdigest(),
        "seed": SEED,
        "documents": lexicon.documents,
        "scale": lexicon.scale,
    }
    rows = []
    for term, count in lexicon.counts.items():
        weights = {lexicon.fields[k]: v for k, v in lexicon.learned.get(term, {}).items()}
        rows.append(f"  {json.dumps(term)}: {json.dumps([count, weights])}")
    head = json.dumps(about, indent=1)[:-2]
    return head + ',\n "terms": {\n' + ",\n".join(rows) + "\n }\n}\n"


def main() -> None:
    """Measure, and write the artefact when asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    data = options.data.read_bytes()
    rows = read(options.data)
    world = setup()
    lexicon = counted(world, rows)
    started = time.process_time()
    full = with_weights(lexicon, learn(world, lexicon, rows))
    spent = round(time.process_time() - started, 1)
    if options.write:
        (HOME / "weights.json").write_text(artefact(data, full), encoding="utf-8")
    report = {
        "rows": len(rows),
        "variant": "words" if _encoder.encoder() is None else "words and encoder",
        "seed": SEED,
        "fit_seconds": spent,
        "written_lexicon_only": summary(judge(world, world.written, rows)),
        "cross_validated": validate(world, rows, "task"),
        "cross_validated_unseen_occupations": validate(world, rows, "occupation"),
        "on_its_own_training_rows": summary(judge(world, full, rows)),
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
