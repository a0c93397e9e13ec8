"""The limits of an endpoint: requests and tokens a minute, kept by all threads and processes together."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from asking import asked
from misbehaving import Misbehaving, answer, trouble

from kg_builder.endpoint_limits import Limits
from kg_builder.errors import ConfigError

pytest.importorskip("openai", reason="the extra 'endpoint'")


def test_no_minute_has_more_requests_than_allowed_whatever_has_to_be_tried_again(server: Misbehaving, at: Any) -> None:
    server.first = {str(number): [trouble(500)] for number in range(0, 12, 4)}
    list(at(requests_per_minute=5, minute_s=1.0, concurrency=12).replies(asked(*map(str, range(12)))))
    assert len(server.seen) == 15
    assert server.most_within(0.5) == 5  # on a busy machine not all take equally long to arrive


def test_no_minute_has_more_tokens_than_allowed(server: Misbehaving, at: Any) -> None:
    server.says = lambda text: answer(text, usage=(10, 20))
    endpoint = at(tokens_per_minute=200, max_new_tokens=20, minute_s=0.8, concurrency=12)
    list(endpoint.replies(asked(*map(str, range(10)))))
    assert endpoint.usage.tokens == 300
    assert 120 <= server.most_within(0.4, lambda _: 30) <= 200


def test_a_guess_of_tokens_that_was_too_low_is_mended_by_what_the_endpoint_counts(server: Misbehaving, at: Any) -> None:
    server.says = lambda text: answer(text, usage=(90, 10))
    endpoint = at(tokens_per_minute=400, max_new_tokens=10, minute_s=0.8, concurrency=12)
    endpoint.ask(*asked("first"))
    list(endpoint.replies(asked(*map(str, range(8)))))
    assert 300 <= server.most_within(0.4, lambda _: 100) <= 400


def test_any_stretch_of_a_minute_holds_no_more_than_allowed() -> None:
    draw = random.Random(7)
    for _ in range(30):
        requests, tokens = draw.choice([(0, 900), (9, 0), (9, 900)])
        limits, now, gone = Limits(requests, tokens), 0.0, []
        for _ in range(120):
            now += draw.expovariate(1.0) * draw.choice([0.0, 1.0, 30.0])
            size = draw.randint(1, 300)
            while (wait := limits.admit(size, now)[0]) > 0:
                now += wait
            gone.append((now, size))
        for start, _ in gone:
            within = [size for at, size in gone if start <= at < start + 60]
            assert not requests or len(within) <= requests
            assert not tokens or sum(within) <= tokens


def test_a_request_larger_than_the_limit_goes_alone_and_not_never() -> None:
    limits = Limits(tokens=100)
    assert limits.admit(500, 0.0)[0] == 0
    assert limits.admit(1, 1.0)[0] > 50
    assert limits.admit(1, 70.0)[0] == 0
    assert limits.admit(100, 71.0)[0] > 50
    limits.close(500.0)
    assert limits.admit(1, 300.0)[0] == pytest.approx(200)


def test_several_processes_keep_to_the_limits_together(tmp_path: Path) -> None:
    """Seen from outside: what two processes were let through, by the one clock of the machine."""
    path = tmp_path / "limits.sqlite"
    code = (
        "import sys, time; from pathlib import Path; from kg_builder.endpoint_limits import Limits\n"
        "limits = Limits(5, window_s=0.8, path=Path(sys.argv[1]), endpoint='there')\n"
        "for _ in range(8):\n"
        "    while wait := limits.admit(1, now := time.monotonic())[0]: time.sleep(min(wait, 0.02))\n"
        "    print(now)\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) for _ in range(2)]
    times = sorted(float(line) for each in both for line in each.communicate(timeout=60)[0].split())
    assert len(times) == 16
    assert all(later - sooner >= 0.8 for sooner, later in zip(times, times[5:], strict=False))
    assert Limits(5, path=path, endpoint="elsewhere").admit(1, times[-1])[0] == 0


def test_a_file_of_limits_that_cannot_be_used_leaves_each_its_own(tmp_path: Path) -> None:
    (tmp_path / "limits.sqlite").write_text("this is no database, " * 100)
    for path in (tmp_path / "limits.sqlite", tmp_path / "limits.sqlite/below", Path("/proc/no/limits.sqlite")):
        limits = Limits(2, path=path, endpoint="there")
        assert [limits.admit(1, now)[0] > 0 for now in (1.0, 2.0, 3.0)] == [False, False, True]


def test_what_was_asked_before_the_machine_was_started_anew_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    assert Limits(1, path=path, endpoint="there").admit(1, 90_000.0)[0] == 0
    assert Limits(1, path=path, endpoint="there").admit(1, 5.0)[0] == 0


@pytest.mark.parametrize("numbers", [(-1, 0), (0, -1)])
def test_limits_below_nothing_are_refused(numbers: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match="limits of 0"):
        Limits(*numbers)


def test_a_file_of_limits_that_cannot_be_used_is_told_and_what_was_said_holds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "limits.sqlite"
    path.write_bytes(b"no database" * 100)
    limits = Limits(5, path=path, endpoint="a")
    with caplog.at_level("WARNING"):
        limits.close(100.0)
    assert "cannot be used" in caplog.text
    assert limits.admit(1, 90.0)[0] == pytest.approx(10.0)
