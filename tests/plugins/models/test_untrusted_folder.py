"""Genesis is started in folders that are anybody's: nothing that lies there is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis_core import DependencyDown
from genesis_models.local._server import LocalServer
from genesis_models.local._weights import catalogue


def test_the_local_server_takes_no_module_from_the_folder_that_it_is_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xllamacpp")
    marker = tmp_path / "ran"
    (tmp_path / "argparse.py").write_text(f"open({str(marker)!r}, 'w').close()\nraise SystemExit('ran')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENESIS_MODELS_DIR", str(tmp_path / "no weights here"))
    with pytest.raises(DependencyDown) as caught:
        LocalServer.start(catalogue()["smollm2"])
    assert not marker.exists()
    assert "ran" not in caught.value.cause.split()
