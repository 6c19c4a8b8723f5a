"""Programs in other languages: those that keep to PROTOCOL.md, and those that do not."""

import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reference
from adapters import Unavailable, Unsupported, load
from adapters.contract import Array
from adapters.operations import perform
from adapters.process.isolation import CrashError, Isolated, Limits, OverdueError, RemoteError
from adapters.process.pipe import Program
from adapters.specs import parse
from adapters.tests import hostile_program
from reference.network import Convolution, Dense, Flatten, describe, initial_weights

HERE = Path(__file__).parent
CLIENTS = HERE.parent / "clients"
SHORT = Limits(call=2.0, start=2.0)
PARAMETERS: dict[str, Any] = {
    "stride": (1,), "padding": ((0, 0),), "dilation": (1,), "groups": 1,
}  # fmt: skip

Start = Callable[..., Isolated]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Isolated] = []

    def begin(*command: str | Path, limits: Limits = Limits()) -> Isolated:  # noqa: B008
        spec = f"pipe:{shlex.join(map(str, command))}"
        started.append(Isolated(spec, limits, tmp_path / "in-flight.call"))
        return started[-1].ready()

    yield begin
    for program in started:
        program.close()


@pytest.fixture(params=["plain_loops.py", "plain_loops.cjs"])
def client(request: pytest.FixtureRequest, start: Start) -> Isolated:
    if request.param.endswith(".py"):
        return start(sys.executable, CLIENTS / request.param)
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    return start("node", CLIENTS / request.param)


def ask(program: Isolated, *values: float) -> list[float]:
    x, one = np.array(values, "float64").reshape(1, 1, -1), np.ones((1, 1, 1))
    found: list[float] = program.cross_correlate(x, one, **PARAMETERS).ravel().tolist()
    return found


# Clients that keep to it


def test_clients_say_who_they_are(client: Isolated) -> None:
    assert client.name in ("plain-loops", "plain-loops-js")
    assert client.version != "unknown"
    assert client.capabilities.dtypes == ("float64", "float32")
    assert client.offers("train") == "derived"
    assert client.offers("max_pool") == "not offered"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_clients_cross_correlate(client: Isolated, axes: int, dtype: str) -> None:
    rng = np.random.default_rng(axes)
    x = rng.integers(-9, 9, (2, 4, 7, 5, 6)[: axes + 2]).astype(dtype)
    filters = rng.integers(-9, 9, (6, 2, 2, 3, 1)[: axes + 2]).astype(dtype)
    bias = rng.integers(-9, 9, 6).astype(dtype)
    parameters: dict[str, Any] = {
        "stride": (2, 1, 3)[:axes],
        "padding": ((1, 0), (0, 2), (3, 3))[:axes],
        "dilation": (3, 1, 2)[:axes],
        "groups": 2,
    }
    for given in (bias, None):
        right = reference.cross_correlate(x, filters, given, **parameters)
        got = client.cross_correlate(x, filters, given, **parameters)
        assert got.dtype == right.dtype
        assert np.array_equal(got, right)


def test_clients_take_arrays_as_they_lie_in_memory(client: Isolated) -> None:
    x = np.flip(np.arange(12.0).reshape(1, 3, 4).swapaxes(1, 2))
    x.flags.writeable = False
    got = client.cross_correlate(x, np.ones((1, 4, 2)), **PARAMETERS)
    assert np.array_equal(got, reference.cross_correlate(x, np.ones((1, 4, 2))))


def test_clients_answer_an_empty_batch(client: Isolated) -> None:
    got = client.cross_correlate(np.ones((0, 1, 4)), np.ones((2, 1, 3)), **PARAMETERS)
    assert got.shape == (0, 2, 2)


def test_clients_keep_special_values(client: Isolated) -> None:
    got = ask(client, np.nan, np.inf, -np.inf, 5e-324)
    assert np.array_equal(got, [np.nan, np.inf, -np.inf, 5e-324], equal_nan=True)


def test_clients_refuse_impossible_calls_and_go_on(client: Isolated) -> None:
    x = np.ones((1, 2, 3))
    for filters, bias in ((np.ones((1, 2, 4)), None), (np.ones((1, 1, 1)), None)):
        with pytest.raises(RemoteError, match="the backend raised"):
            client.cross_correlate(x, filters, bias, **PARAMETERS)
    with pytest.raises(RemoteError, match="the backend raised"):
        client.cross_correlate(x, np.ones((1, 2, 1)), np.ones(2), **PARAMETERS)
    assert ask(client, 1, 2) == [1, 2]
    assert client.deaths == 0


def test_clients_decline_what_they_lack(client: Isolated) -> None:
    with pytest.raises(Unsupported):
        perform(client, "max_pool", {"x": np.ones((1, 1, 2))}, {"kernel": (2,)})


def test_their_training_is_derived(client: Isolated) -> None:
    network = (Convolution(1, 2, (3, 3)), Flatten(), Dense(8, 3))
    weights = initial_weights(network, seed=0)
    rng = np.random.default_rng(0)
    arrays = {
        **{f"weights/{name}": array for name, array in weights.items()},
        "images": rng.random((4, 1, 4, 4)),
        "labels": np.array([0, 1, 2, 0]),
        "batches": np.array([[0, 1], [2, 3]]),
    }
    settings = {"network": describe(network), "compiled": False}
    settings["optimizer"] = {"kind": "SGD", "learning_rate": 0.1}
    right = perform(load("reference"), "train", arrays, settings)
    got = perform(client, "train", arrays, settings)
    assert got.keys() == right.keys()
    for name, array in got.items():
        assert np.allclose(array, right[name], rtol=1e-12, atol=1e-12)


def test_a_call_as_a_script(client: Isolated) -> None:
    call: dict[str, Any] = PARAMETERS | {"bias": True, "dtype": "float32"}
    x, filters = np.arange(6, dtype="float32").reshape(1, 2, 3), np.ones((1, 2, 2), "float32")
    names: dict[str, Any] = {"np": np, "x": x, "filters": filters, "bias": np.ones(1, "float32")}
    text = client.script(**call)
    assert text is not None
    exec(text, names)
    assert np.array_equal(names["got"], [[[9, 13]]])


# Programs that do not


def hostile(start: Start, how: str, limits: Limits = SHORT) -> Isolated:
    return start(sys.executable, HERE / "hostile_program.py", how, limits=limits)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("prints a line", r"two lengths: b'epoch 1 of 2\\n"),
        ("prints a little", "two lengths: b'hi"),
        ("prints numbers", "two lengths: b'0.125"),
        ("lacks values", "result lacks 8 of its bytes"),
        ("has more values", "8 bytes more than its arrays have"),
        ("header of gigabytes", "two lengths"),
        ("header beyond its message", "two lengths"),
        ("message without a header", "two lengths"),
        ("no JSON", "JSONDecodeError"),
        ("a list", "no message"),
        ("a number", "no message"),
        ("no arrays", "KeyError: 'arrays'"),
        ("no result", "sent no result"),
        ("no status", "status None"),
        ("other status", "status 'done'"),
        ("array without a name", "KeyError: 'name'"),
        ("unknown dtype", "an array of dtype 'complex128'"),
        ("negative shape", r"an array of shape \(-1, 2\)"),
        ("shape of terabytes", "result lacks 7999999999984 of its bytes"),
        ("shape of fractions", r"an array of shape \(0.5, 4\)"),
        ("shape of a number", "no message"),
        ("progress to nowhere", "progress to the step 'x'"),
    ],
)
def test_what_is_no_answer(start: Start, how: str, said: str) -> None:
    program = hostile(start, how)
    assert ask(program, 1, 2) == [1, 2]
    with pytest.raises(RemoteError, match=said):
        ask(program, 13, 2)
    assert ask(program, 1, 2) == [1, 2]


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ("dies", CrashError, r"exit code 3; it last wrote:\nout of memory"),
        ("dies within a message", CrashError, "broke off after 20 bytes"),
        ("closes its output", CrashError, "closed the channel"),
        ("hangs", OverdueError, r"no answer within 2 s \(the call"),
        ("stops within a message", OverdueError, "no answer within 2 s; its last message broke"),
    ],
)
def test_no_answer(start: Start, how: str, error: type[Exception], said: str) -> None:
    program = hostile(start, how)
    assert ask(program, 1, 2) == [1, 2]
    with pytest.raises(error, match=said):
        ask(program, 13, 2)
    assert ask(program, 1, 2) == [1, 2]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("no name", "needs a name"),
        ("other contract", "speaks contract 1, not 2"),
        ("another status", "the status 'hello', not 'ready'"),
        ("unavailable", "^no such device$"),
        ("claims of an unknown dtype", "claims dtypes .*float8"),
        ("dtypes of a number", "cannot be read: 'int' object"),
        ("unknown operation", "it offers 'maxpool'; there are only cross_correlate, "),
        ("unknown way", "it offers max_pool: True, not one of own"),
        ("offers of a list", "cannot be read"),
        ("a list at first", "did not start: no message"),
    ],
)
def test_first_messages(start: Start, how: str, said: str) -> None:
    assert how in hostile_program.HELLOS
    with pytest.raises(Unavailable, match=said):
        hostile(start, how)


def test_what_a_program_offers_is_asked_of_it(start: Start) -> None:
    program = hostile(start, "own training")
    assert (program.offers("train"), program.offers("predict")) == ("own", "derived")


def test_programs_that_are_none(start: Start, tmp_path: Path) -> None:
    for command, said in (("/no/such/program", "there is no program /no/such/program"),):
        with pytest.raises(Unavailable, match=said):
            start(command)
    (tmp_path / "text").write_text("no program")
    (tmp_path / "text").chmod(0o755)
    with pytest.raises(Unavailable, match=r"cannot be run: .*Exec format error"):
        start(tmp_path / "text")
    with pytest.raises(Unavailable, match=r"closed the channel|exit code 0"):
        start("true")
    with pytest.raises(Unavailable, match=r"two lengths: b'Usage"):
        start("echo", "Usage: acme [FILE]")
    with pytest.raises(Unavailable, match="no answer within 2 s"):
        start("sleep", "60", limits=SHORT)


@pytest.mark.parametrize("spec", ["pipe:", "pipe:  ", "pipe:'open"])
def test_no_command(spec: str) -> None:
    with pytest.raises(Unavailable, match="has no command"):
        load(spec)


def test_a_command_may_hold_what_separates_other_specs() -> None:
    spec = "pipe:npx @acme/backend+fast --host a:b"
    assert parse(spec).target == spec
    program = load("pipe:env A=1+2 x@y 'a b'")
    assert isinstance(program, Program)
    assert program.command == ("env", "A=1+2", "x@y", "a b")


def test_the_path_of_this_python_is_not_that_of_a_program(start: Start) -> None:
    source = "import os, sys; sys.exit(os.environ.get('PYTHONPATH', 'no path'))"
    with pytest.raises(Unavailable, match="no path"):
        start(sys.executable, "-c", source)


def test_arrays_change_in_no_way(client: Isolated) -> None:
    x: Array = np.arange(4.0).reshape(1, 1, 4)
    client.cross_correlate(x, np.ones((1, 1, 2)), **PARAMETERS)
    assert x.ravel().tolist() == [0, 1, 2, 3]
