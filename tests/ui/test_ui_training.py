"""The fine-tuning page as a person uses it: a data set is made, a tiny model trained, stopped, taken up, looked at."""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Watched, start_server, stop_server
from playwright.sync_api import expect

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "training"))

import preparing

from kg_builder.errors import ConfigError
from ui.training_commands import presets, resolved, train_arguments
from ui.training_files import data_sets, runs

pytest.importorskip("torch", reason="the extra 'finetune'")
pytest.importorskip("peft", reason="the extra 'finetune'")

Watch = Callable[..., Watched]
PATIENCE_MS = 150_000
HOSTILE = "<img src=x onerror=window.__pwned=1> ![x](http://evil.example/x.png)"


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An embedded store alone: what is trained here asks nothing of the graph."""
    return f"embedded:{tmp_path_factory.mktemp('ui-store') / 'graph'}"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the server may read: a base model, and rows to learn from."""
    from tiny_models import make_model

    folder = tmp_path_factory.mktemp("root")
    make_model("llama", folder / "base", hidden=16, layers=1)
    rows = [
        {"text": each.text, "triples": [[each.triples[0].head, "is in", each.triples[0].tail]]}
        for each in preparing.examples(24)
    ]
    preparing.lines(folder / "rows.jsonl", [*rows, rows[0], {"text": HOSTILE, "triples": [["a", HOSTILE, "b"]]}])
    return folder


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


def free_port() -> int:
    """A port that nobody has: the first free one of the usual ports may be another test's a moment later."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def address(filled_store: str, root: Path, workspace: Path) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGUI_ROOTS", str(root))
        patch.setenv("OMP_NUM_THREADS", "1")
        port = str(free_port())
        process, url = start_server(filled_store, "--port", port, cwd=root, KGUI_WORKSPACE=str(workspace))
    assert url.startswith("http://127.0.0.1:"), f"the interface did not start: {process.poll()}"
    yield url
    assert stop_server(process) == 0


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, root: Path, workspace: Path) -> None:
    """This process looks where the server does."""
    monkeypatch.setenv("KGUI_WORKSPACE", str(workspace))
    monkeypatch.setenv("KGUI_ROOTS", str(root))


def choose(page: Any, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.usefixtures("here")
def test_a_model_is_trained_from_a_file_to_what_it_has_learnt(watch: Watch, root: Path, workspace: Path) -> None:
    watched = watch()
    watched.page.set_default_timeout(PATIENCE_MS)
    page = watched.open("/training?show=data")

    page.get_by_label("File or folder", exact=True).fill(str(root / "rows.jsonl"))
    page.get_by_label("Rows to hold out (test)", exact=True).fill("4")
    page.get_by_label("Rows to choose by (dev)", exact=True).fill("4")
    page.get_by_label("Name of the data set", exact=True).fill("words")
    page.get_by_label("Name of the data set", exact=True).press("Enter")
    page.get_by_role("button", name="Prepare", exact=True).click()
    page.locator(".kg-card", has_text="Training examples").wait_for()
    cards = [card.split("\n")[:2] for card in page.locator(".kg-card").all_inner_texts()]
    assert cards == [["17", "Training examples"], ["4", "To choose by (dev)"], ["4", "Held out (test)"]]
    page.get_by_text("Rows that were left out").wait_for()
    (made,) = data_sets()
    assert made.count("left_out") == {"repeat": 1}

    page.get_by_text("New run", exact=True).click()
    page.get_by_label("Base model", exact=True).fill(str(root / "base"))
    page.get_by_label("Base model", exact=True).press("Enter")
    choose(page, "Method", "lora")
    page.get_by_label("Steps at most", exact=True).fill("60")
    page.get_by_label("LoRA rank", exact=True).fill("4")
    page.get_by_label("Name of the run", exact=True).fill("first")
    more = "dtype=fp32\nevaluate_every=10\noptimizer=adamw_torch\nbatch_size=1\naccumulate=1\ntensorboard=false\n"
    more += "max_new_tokens=4\nevaluate_limit=1\ndevice=cpu\nlog_every=1"
    page.get_by_label("Other settings (key=value, one a line)", exact=True).fill(more)
    page.get_by_label("Other settings (key=value, one a line)", exact=True).press("Control+Enter")
    page.get_by_text("All settings that would be in force").click()
    page.get_by_test_id("stDataFrame").wait_for()
    page.get_by_role("button", name="Start training").click()

    chips = page.get_by_test_id("run").first  # the one before may still be there for a moment
    expect(chips).to_contain_text(re.compile(r"step \d+ of 60"), timeout=PATIENCE_MS)
    page.reload()
    expect(chips).to_contain_text(re.compile(r"step \d+ of 60"), timeout=PATIENCE_MS)
    page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
    stop = page.get_by_role("button", name="Stop", exact=True)
    if stop.count():  # it may be done by now
        stop.click()
        expect(chips).to_contain_text(re.compile("stopped|finished"), timeout=PATIENCE_MS)
    if "stopped" in chips.inner_text():
        assert runs()[0].state == "stopped"
        page.get_by_role("button", name="Go on").click()
    expect(chips).to_contain_text("finished", timeout=PATIENCE_MS)
    run = runs()[0]
    assert (run.name, run.state, run.step, run.steps) == ("first", "finished", 60, 60)
    assert [line["step"] for line in run.steps_told] == list(range(1, 61)), "no step twice, none lost"
    assert f"run={run.id}" in page.url
    assert str(workspace) not in page.url

    page.get_by_text("Model card").click()
    page.locator("code", has_text="A LoRA adapter for").wait_for()
    page.locator("code", has_text=f"--adapter {run.path / 'adapter'}").wait_for()

    answer_the_examples(run.path, Path(run.config["data"]))
    page.reload()
    examples = page.get_by_test_id("example")
    expect(examples).to_have_count(4, timeout=PATIENCE_MS)
    first = examples.first
    expect(first.locator("li.kg-wrong")).to_have_count(1)
    expect(first.locator("li.kg-right")).to_have_count(1)
    expect(first).to_contain_text(HOSTILE)
    expect(first).to_contain_text("✗ not right")
    expect(first).to_contain_text("✓ right")
    expect(page.get_by_test_id("scores")).to_contain_text("1.000")
    page.get_by_text("Got better", exact=True).click()
    expect(examples).to_have_count(1, timeout=PATIENCE_MS)
    page.get_by_text("Try it in the playground").click()
    page.get_by_label("Adapter (folder)", exact=True).wait_for()
    expect(page.get_by_label("Adapter (folder)", exact=True)).to_have_value(str(run.path / "adapter"))


def answer_the_examples(run: Path, data: Path) -> None:
    """What `kg-finetune evaluate` leaves of answers that were made before, and the answers as it writes them."""
    from finetune.evaluating import Request, run_evaluation
    from finetune.held_out import Output, load_held_out, write_outputs

    test = load_held_out(data)
    right = [each.answer for each in test.examples]
    before = [f"{HOSTILE}|is|x", *right[1:]]
    files = []
    for when, answers in (("before", before), ("after", right)):
        files.append(run / "evaluation" / f"answers-{when}.jsonl")
        write_outputs(files[-1], test, [Output(number, answer) for number, answer in enumerate(answers)])
    run_evaluation(Request(data=data, predictions=tuple(files), out=run / "evaluation", bootstrap=0))


@pytest.mark.usefixtures("here")
def test_what_the_page_starts_is_what_may_be_started(root: Path, tmp_path: Path) -> None:
    def arguments(**more: Any) -> list[str]:
        return train_arguments(**{"preset": "llama3-re", "model": str(root / "base"), "data": root, "name": "x"} | more)

    assert [each.name for each in presets()] == sorted(each.name for each in presets())
    assert all(each.about and each.values for each in presets())
    given = arguments(name="../../etc/x\u202e", assignments="lora_rank=3")
    assert Path(given[given.index("--out") + 1]).parent.name == "runs"
    with pytest.raises(ConfigError, match="unknown key 'lora_rank'"):
        resolved(tuple(given))
    values = resolved(tuple(arguments(preset="baichuan-people-relation", assignments="rank = 3\n\nseed=7")))
    assert (values["rank"], values["seed"], values["trust_remote_code"]) == (3, 7, False)
    for wrong in ("push_to_hub=me/x", "trust_remote_code=true", "out=/etc", "--data=/etc"):
        with pytest.raises(ConfigError, match="expected settings as key=value"):
            arguments(assignments=wrong)
    (tmp_path / "elsewhere").mkdir()
    for model in ("", str(tmp_path / "elsewhere"), "../base", "a/b/c"):
        with pytest.raises(ConfigError, match="expected a folder with a model"):
            arguments(model=model)


@pytest.mark.usefixtures("here")
def test_damaged_and_foreign_folders_are_passed_over(root: Path, tmp_path: Path) -> None:
    folder = root / "strange"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "config.json").write_text('{"metric": "triple_f1", "preset": "<b>x</b>"}')
    lines = [{"step": 1, "loss": 2.0, "tokens": 10, "tokens_per_second": 5.0}, {"step": 2, "dev_triple_f1": 0.5}]
    (folder / "metrics.jsonl").write_text("\n".join([*map(json.dumps, lines), "[1]", '{"step": 3, "lo']))
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "result.json").write_text('{"value": 1.0, "steps": 9}')
    (folder / "result.json").symlink_to(secret / "result.json")
    run = next(each for each in runs() if each.name == "strange")
    assert (run.state, run.step, run.steps, run.value, run.seconds) == ("unfinished", 2, 0, 0.5, 2.0)
    (folder / "config.json").write_text("{" * 100_000)
    assert next(each for each in runs() if each.name == "strange").config == {}
