"""The wheel: what is in it, and that it works from any folder without the checkout."""

import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_models_ui_and_samples_and_nothing_of_the_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        r"kg_builder/models/en/.+\.onnx",
        r"kg_builder/models/zh/.+",
        r"kg_builder/models/en/MODEL_CARD\.md",
        r"kg_builder/sample/.+\.docx",
        r"kg_builder/py\.typed",
        r"ui/app\.py",
        r"ui/graph/bundle/index\.html",
        r"ui/editor/bundle/index\.html",
        r"ui/links\.js",
        r"finetune/pipelines/.+\.py",
    ):
        assert any(re.fullmatch(needed, name) for name in names), f"nothing like {needed} in the wheel"
    unwanted = [n for n in names if re.match(r"(tests|data|docs|benchmarks)/|.*(node_modules|\.pyc$)", n)]
    assert unwanted == []


def test_the_installed_wheel_reads_the_samples_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    site = next(home.glob("lib/python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # The dependencies come from this environment; a path named in a .pth file brings none of its own .pth files along,
    # so the checkout is out of reach.
    dependencies = next(p for p in sys.path if p.endswith("site-packages"))
    (site / "dependencies.pth").write_text(dependencies + "\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "ui").mkdir()  # a folder of the user's that has the name of one of our packages
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def kg(*arguments: str) -> str:
        command = [str(home / "bin" / "python"), "-P", "-m", "kg_builder.cli", *arguments]
        run = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        return run.stdout

    store = f"embedded:{tmp_path / 'graph'}"
    where = [str(home / "bin" / "python"), "-P", "-c", "import kg_builder; print(kg_builder.__file__)"]
    assert str(site) in subprocess.run(where, cwd=elsewhere, env=environment, capture_output=True, text=True).stdout
    assert "failed" in kg("ingest", "--samples", "--store", store)
    count = kg("query", "MATCH (e:Entity) RETURN count(e) AS n", "--store", store, "--format", "csv")
    assert int(count.split()[1]) > 50
