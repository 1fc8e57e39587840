"""What embeddings add: only where they are installed, without fetching anything, by models that never saw the text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import genesis_daao
from genesis_daao import _difficulty, _meaning
from genesis_daao._features import read, shape

QUESTION = "What is the capital of France?\nA. Paris\nB. Rome\nC. Oslo\nD. Bern\nAnswer:"
DATA = json.loads((Path(genesis_daao.__file__).parent / "embed.json").read_text(encoding="utf-8"))


def test_the_artefact_names_its_data_and_its_script_and_fits_the_features() -> None:
    assert (Path(__file__).parents[3] / DATA["script"]).is_file() and len(DATA["sha256"]) == 64 and DATA["seed"] == 0
    assert len(DATA["means"]) == len(DATA["scales"]) == len(shape(read("")))
    assert DATA["variant"] == f"{_difficulty.VARIANT}+{_meaning.PACKAGE}"


def test_every_group_has_a_model_that_gives_each_text_a_gain() -> None:
    models = _meaning.meanings()
    assert len(models) == len(_difficulty._models()[1])
    for model in models:
        for text in ("", QUESTION, "x" * 30_000):
            for vector in ([0.0] * 256, [1 / 16] * 256):
                assert -1 < model.gain(list(shape(read(text)).values()), vector) < 1


def test_a_text_far_from_all_that_was_learned_from_gets_the_middle() -> None:
    model = _meaning.meanings()[0]
    far = model.gain([1e9] * len(DATA["means"]), [0.0] * 256)
    assert far == pytest.approx(model.middle, abs=0.05)


def test_looking_whether_it_is_installed_imports_nothing() -> None:
    code = ("import sys\nfrom genesis_daao import _meaning\n_meaning.installed()\n"
            "assert 'wordllama' not in sys.modules and 'numpy' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_variant_says_what_is_at_work() -> None:
    expected = DATA["variant"] if _meaning.installed() else _difficulty.VARIANT
    assert genesis_daao._variant() == expected


@pytest.mark.skipif(not _meaning.installed(), reason="needs the extra [embed]")
def test_embeddings_move_the_difficulty_of_a_question_with_answers_and_of_no_other() -> None:
    parts = read(QUESTION)
    lines, models = _difficulty._models()
    fields, trees = models[_difficulty.group(QUESTION, len(models))]
    alone = trees.value([*shape(parts).values(), *fields.values(parts)])
    assert _difficulty.gain(QUESTION) != alone and abs(_difficulty.gain(QUESTION) - alone) < 0.5
    open_one = "How many apples are 2 apples and 3 apples?"
    line = lines[_difficulty.group(open_one, len(lines))]
    assert _difficulty.gain(open_one) == line.value(list(shape(read(open_one)).values()))


@pytest.mark.skipif(not _meaning.installed(), reason="needs the extra [embed]")
def test_embedding_is_the_same_each_time_and_takes_any_text() -> None:
    embed = _meaning.embedder()
    for text in ("", "\x00", "ü" * 30_000, QUESTION):
        first = embed(text)
        assert list(embed(text)) == list(first) and sum(x * x for x in first) in (0.0, pytest.approx(1.0))
