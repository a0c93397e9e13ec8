"""The container files, held to the Compose specification, to the command line and to the files they name."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from kg_builder.cli import cli

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


def instructions(dockerfile: str) -> list[tuple[str, list[str]]]:
    """(keyword, words) of each instruction, continued lines joined; the JSON form is read as JSON."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", dockerfile, flags=re.MULTILINE)).splitlines()
    found = []
    for line in filter(str.strip, lines):
        keyword, _, rest = line.strip().partition(" ")
        found.append((keyword, json.loads(rest) if rest.lstrip().startswith("[") else shlex.split(rest)))
    return found


DOCKERFILE = instructions((ROOT / "Dockerfile").read_text(encoding="utf-8"))
SOURCES = [
    source
    for keyword, words in DOCKERFILE
    if keyword == "COPY" and not any(word.startswith("--from=") for word in words)
    for source in words[:-1]
]


def interpolated(value: Any, environment: dict[str, str]) -> Any:
    """`value` with its variables filled in as Compose does; a required one that is missing raises KeyError."""
    if isinstance(value, dict):
        return {key: interpolated(item, environment) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolated(item, environment) for item in value]
    if not isinstance(value, str):
        return value

    def fill(match: re.Match[str]) -> str:
        if match["kind"] == "-":
            return environment.get(match["name"]) or match["rest"]
        return environment[match["name"]]

    return VARIABLE.sub(fill, value).replace("$$", "$")


def test_the_compose_file_keeps_to_the_specification() -> None:
    text = files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text(encoding="utf-8")
    validator = jsonschema.validators.validator_for(json.loads(text))(json.loads(text))
    assert [error.message for error in validator.iter_errors(COMPOSE)] == []
    filled = interpolated(COMPOSE, {"NEO4J_PASSWORD": "correct horse"})
    assert [error.message for error in validator.iter_errors(filled)] == []
    assert list(validator.iter_errors({"services": {"app": {"image": "x", "port": []}}})), "the schema refuses nothing"


def test_a_password_is_required_and_never_written_down() -> None:
    with pytest.raises(KeyError, match="NEO4J_PASSWORD"):
        interpolated(COMPOSE, {})
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    uses = [match for match in VARIABLE.finditer(text) if match["name"] == "NEO4J_PASSWORD"]
    assert len(uses) == 2
    assert {match["kind"] for match in uses} == {"?"}
    filled = interpolated(SERVICES, {"NEO4J_PASSWORD": "correct/horse"})
    assert filled["neo4j"]["environment"]["NEO4J_AUTH"] == "neo4j/correct/horse"
    assert filled["app"]["environment"]["NEO4J_PASSWORD"] == "correct/horse"


def test_the_health_check_of_neo4j_logs_in_with_the_password_of_the_container(tmp_path: Path) -> None:
    (tmp_path / "cypher-shell").write_text('#!/bin/sh\necho "$NEO4J_USERNAME:$NEO4J_PASSWORD" "$@"\n')
    (tmp_path / "cypher-shell").chmod(0o755)
    kind, command = interpolated(SERVICES["neo4j"]["healthcheck"]["test"], {})
    assert kind == "CMD-SHELL"
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "NEO4J_AUTH": "neo4j/a/b $c'd"}
    run = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == "neo4j:a/b $c'd --format plain RETURN 1\n"


def test_the_app_waits_for_a_healthy_neo4j_and_speaks_to_it() -> None:
    app = SERVICES["app"]
    assert app["depends_on"] == {"neo4j": {"condition": "service_healthy"}}
    assert app["environment"]["KG_STORE"] == "bolt://neo4j:7687"
    assert {"user", "privileged"}.isdisjoint(app)
    assert app["read_only"]


def test_every_service_has_a_health_check_and_a_pinned_image() -> None:
    for name, service in SERVICES.items():
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
        tag = service["image"].rpartition(":")[2]
        assert re.search(r"\d+\.\d+", tag), f"{name}: {tag} names no version"


def test_ports_are_published_on_this_machine_only() -> None:
    ports = interpolated([port for service in SERVICES.values() for port in service["ports"]], {})
    assert len(ports) == 4
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)


def test_named_volumes_are_declared_and_used() -> None:
    mounts = interpolated([mount for service in SERVICES.values() for mount in service.get("volumes", [])], {})
    named = {mount.split(":")[0] for mount in mounts if not mount.startswith((".", "/"))}
    assert named == set(COMPOSE["volumes"])
    assert [m for m in mounts if m.startswith(".")] == ["./data/sample:/documents:ro"]
    assert (ROOT / "data" / "sample").is_dir()


def test_the_model_server_comes_only_with_its_profile_and_reserves_a_gpu() -> None:
    assert {name for name, service in SERVICES.items() if service.get("profiles")} == {"llm"}
    device = SERVICES["llm"]["deploy"]["resources"]["reservations"]["devices"][0]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])


def test_what_the_image_runs_is_a_command_of_ours_with_options_it_knows() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    final = dict(DOCKERFILE)  # the last of each keyword is the one in force
    assert final["ENTRYPOINT"] == ["kg"]
    assert "kg" in scripts
    for words in (final["CMD"], SERVICES["app"]["command"]):
        command = cli.commands[words[0]]
        context = command.make_context(words[0], list(words[1:]))  # raises UsageError for an option it does not have
        assert context.params["address"] == "0.0.0.0"
        assert context.params["port"] == 8501
    assert final["EXPOSE"] == ["8501"]


def test_the_image_does_not_run_as_root() -> None:
    user = [words for keyword, words in DOCKERFILE if keyword == "USER"]
    assert user == [["10001:10001"]]
    keywords = [keyword for keyword, _ in DOCKERFILE]
    assert "RUN" not in keywords[keywords.index("USER") :]


def test_everything_copied_into_the_image_exists_and_reaches_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    sent = {line[1:] for line in lines if line.startswith("!")}
    for source in SOURCES:
        assert (ROOT / source).exists(), source
    assert sent == set(SOURCES)


def test_the_wheel_can_be_built_from_what_is_copied(tmp_path: Path) -> None:
    for source in SOURCES:
        target = tmp_path / "src" / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        else:
            shutil.copy(ROOT / source, target)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "wheel")]
    run = subprocess.run(command, cwd=tmp_path / "src", capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert len(list((tmp_path / "wheel").glob("kg_builder-*.whl"))) == 1
