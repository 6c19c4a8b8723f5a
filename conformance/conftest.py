"""The command line of ``pytest conformance``: its options; a test for each backend and dtype."""

import argparse
import hashlib
import importlib.util
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conformance.known_issues import KnownIssue
    from reports.results import Results

SELFTEST = Path(__file__).parent / "selftest"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("convspec", "conformance of convolution backends")
    group.addoption(
        "--backend",
        action="append",
        default=[],
        metavar="SPEC",
        help="a backend to test: a name that 'python -m adapters list' shows, module:Class, or "
        "./file.py:Class; +OPTION chooses an option of the adapter, @COMMAND an interpreter "
        "(repeatable; default: the backends of a plain run that are installed here)",
    )
    group.addoption(
        "--profile",
        choices=["quick", "default", "thorough"],
        default="default",
        help="how many examples each clause is tried on, and how many regimes are graded",
    )
    group.addoption(
        "--seed", type=int, help="reproduce the run that printed this seed, with the same options"
    )
    group.addoption(
        "--mnist",
        metavar="DIR",
        help="a folder with your own copy of MNIST's four files (also: CONVSPEC_MNIST)",
    )
    group.addoption(
        "--results",
        metavar="FILE",
        type=Path,
        help="where the results go, as JSON Lines (default: a new file in results/)",
    )
    group.addoption(
        "--shard",
        type=_shard,
        metavar="K/N",
        help="do only the K-th of N parts; N machines do everything exactly once",
    )
    group.addoption(
        "--in-process",
        action="store_true",
        help="run backends in this process, for debugging (default: each in one of its own)",
    )
    group.addoption(
        "--threads", type=int, default=1, metavar="N", help="threads of a backend (default: 1)"
    )
    group.addoption(
        "--time-limit",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="the longest that a call may take, once its shapes are known (default: 30)",
    )
    group.addoption(
        "--memory-limit",
        type=float,
        default=8.0,
        metavar="GIB",
        help="the data that a backend's process may hold; 0: no limit (default: 8)",
    )
    group.addoption(
        "--resume",
        action="store_true",
        help="go on with the run that was cut short and left the --results FILE",
    )
    group.addoption(
        "--start-limit",
        type=float,
        default=120.0,
        metavar="SECONDS",
        help="the longest that a backend may take to start, and for the first call of new shapes, "
        "which it may have to compile (default: 120)",
    )
    group.addoption(
        "--known-issues",
        action="append",
        default=[],
        metavar="FILE",
        type=Path,
        help="known issues of your own, in the form of README.md (repeatable)",
    )
    group.addoption(
        "--database",
        metavar="PLACE",
        help="where failing examples are kept for the next run: a folder, or a Redis server that "
        "machines share, redis://HOST:PORT (default: .hypothesis/convspec)",
    )
    group.addoption("--report", metavar="FILE", type=Path, help="also write an HTML page")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    _refuse_shadows()
    _share_cores(config.getoption("--threads"))
    from conformance.clauses import CHAPTERS
    from conformance.plan import Plan
    from conformance.recorder import Recorder

    for chapter in CHAPTERS.values():
        config.addinivalue_line("markers", f"{chapter.marker}: the chapter {chapter.title!r}")
    _use_mnist(config.getoption("--mnist"))
    earlier = _earlier_results(config) if config.getoption("--resume") else None
    seed = earlier.run.seed if earlier else config.getoption("--seed")
    chosen = getattr(config, "workerinput", {}).get("convspec_seed", seed)
    plan = Plan(
        profile=config.getoption("--profile"),
        seed=random.SystemRandom().getrandbits(32) if chosen is None else chosen,
        replay=seed is None,
        database=_database(config),
        issues=_known_issues(config),
    )
    config.pluginmanager.register(Recorder(config, plan, earlier), "convspec-recorder")


def _share_cores(threads: int) -> None:
    """The reference computes on one thread, since its products are small, and two processes would
    wait for each other's threads; a backend on so many, also if it is loaded into this process.
    """
    from threadpoolctl import threadpool_limits

    from adapters.process.isolation import THREADS

    threadpool_limits(1, "blas")
    for variable in THREADS:
        os.environ.setdefault(variable, str(threads))


def _database(config: pytest.Config) -> str:
    """The folder, or the URL, of --database."""
    from conformance.database import DatabaseError, check

    place = config.getoption("--database") or str(config.rootpath / ".hypothesis" / "convspec")
    try:
        check(place)
    except DatabaseError as error:
        raise pytest.UsageError(f"--database: {error}") from error
    return str(place)


def _known_issues(config: pytest.Config) -> "tuple[KnownIssue, ...]":
    """Those of --known-issues."""
    from conformance.known_issues import KnownIssueError, load

    try:
        return tuple(issue for path in config.getoption("--known-issues") for issue in load(path))
    except KnownIssueError as error:
        raise pytest.UsageError(f"--known-issues: {error}") from error


def _earlier_results(config: pytest.Config) -> "Results":
    """What a run that was cut short has left in the results file."""
    from conformance import __version__
    from reports.results import ResultsError, read

    path = config.getoption("--results")
    if path is None:
        raise pytest.UsageError("--resume needs --results FILE: the file to go on with")
    try:
        earlier = read(path, resumed=True)
    except (OSError, ResultsError) as error:
        raise pytest.UsageError(f"--resume: {path}: {error}") from error
    now = (__version__, config.getoption("--profile"), config.getoption("--shard"))
    then = (earlier.run.suite, earlier.run.profile, earlier.run.shard)
    if now != then:
        raise pytest.UsageError(
            f"--resume: {path} is of suite, profile and shard {then}, and this run of {now}"
        )
    return earlier


def _refuse_shadows() -> None:
    """Say so when another distribution hides or overwrites one of the project's packages."""
    home = Path(__file__).resolve().parent.parent
    for package in ("reference", "adapters", "reports"):
        found = importlib.util.find_spec(package)
        origin = Path(found.origin or "").resolve() if found else None
        ours = origin == home / package / "__init__.py"
        marked = ours and "convspec" in (home / package / "__init__.py").read_text("utf-8")
        if not marked:
            raise pytest.UsageError(
                f"convspec's package {package!r} is hidden by another distribution (found at "
                f"{origin}, expected in {home}): install convspec into an environment of its own"
            )


def _use_mnist(directory: str | None) -> None:
    from reference import mnist

    if directory is None:
        return
    os.environ[mnist.DIRECTORY_VARIABLE] = os.path.abspath(directory)
    try:
        mnist.load("train")
        mnist.load("test")
    except mnist.MnistError as error:
        raise pytest.UsageError(f"--mnist: {error}") from error


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """``pytest conformance`` tests backends; the suite's own tests run when they are asked for,
    or with everything else.
    """
    if collection_path != SELFTEST or config.args_source is not pytest.Config.ArgsSource.ARGS:
        return None
    start = config.invocation_params.dir
    asked = (Path(start, argument.split("::")[0]).resolve() for argument in config.args)
    wanted = any(
        path.is_relative_to(SELFTEST) or (SELFTEST.is_relative_to(path) and path != SELFTEST.parent)
        for path in asked
    )
    return None if wanted else True


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    clause = getattr(metafunc.function, "clause", None)
    if clause is None:
        return
    from reference.formats import FORMATS

    recorder: Any = metafunc.config.pluginmanager.getplugin("convspec-recorder")
    cases = [
        pytest.param((adapter, dtype), id=f"{adapter.name}-{dtype}")
        for adapter in recorder.adapters
        for dtype in FORMATS
        if clause.every_dtype or dtype in adapter.capabilities.dtypes
    ]
    metafunc.parametrize("subject", cases, indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Clauses run in their order, save that several workers begin with the slow ones; -k chooses
    them by id (CORR-3), -m by chapter (correlation).
    """
    is_shared = hasattr(config, "workerinput")
    order = {}
    for item in items:
        if clause := getattr(getattr(item, "function", None), "clause", None):
            item.extra_keyword_matches.add(clause.id)
            item.add_marker(clause.chapter.marker)
            order[item] = (is_shared and not clause.chapter.slow, *clause.order)
    recorder: Any = config.pluginmanager.getplugin("convspec-recorder")
    shard = config.getoption("--shard") or (1, 1)
    chosen = [item for item in order if _in_shard(item, *shard) and not recorder.has(item)]
    config.hook.pytest_deselected(items=list(order.keys() - set(chosen)))
    others = [item for item in items if item not in order]
    items[:] = sorted(chosen, key=order.__getitem__) + others


def _shard(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise argparse.ArgumentTypeError(f"{text!r} is not K/N with 1 <= K <= N")
    return int(part), int(parts)


def _in_shard(item: pytest.Item, part: int, parts: int) -> bool:
    """By a hash of the clause, the backend and the dtype: the same on every machine."""
    digest = hashlib.sha256(item.name.encode()).digest()
    return int.from_bytes(digest[:8]) % parts == part - 1


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> Any:
    """The backend under test, in one dtype."""
    from conformance.progress import teller
    from conformance.subject import Subject

    adapter, dtype = request.param
    return Subject(adapter, dtype, progress=teller(request.config, request.node.name))


@pytest.fixture
def plan(pytestconfig: pytest.Config) -> Any:
    recorder: Any = pytestconfig.pluginmanager.getplugin("convspec-recorder")
    return recorder.plan
