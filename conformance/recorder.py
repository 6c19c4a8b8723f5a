"""What pytest sees, written down: every outcome to the results file, a summary to the terminal."""

import contextlib
import copy
import os
import platform
import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from adapters import Adapter
from adapters.contract import OPERATIONS
from adapters.process.isolation import Isolated, Limits
from conformance import __version__
from conformance.clauses import Clause, clauses
from conformance.explain import explain
from conformance.formulas import formula_of
from conformance.plan import Isolation, NotRun, Plan, load_backends
from conformance.subject import Subject
from conformance.summary import summarize
from reports import results


class Recorder:
    """A pytest plugin for one run. Under xdist the workers test, and the controller writes."""

    def __init__(self, config: pytest.Config, plan: Plan, earlier: results.Results | None) -> None:
        self.config, self.plan, self.earlier = config, plan, earlier
        self.done = {outcome.key for outcome in earlier.outcomes} if earlier else set()
        self.started = _now()
        self.is_worker = hasattr(config, "workerinput")
        self.path: Path = config.getoption("--results") or Path(
            "results", self.started.replace(":", "-") + ".jsonl"
        )
        self.writer: results.Writer | None = None
        self.written: list[results.Backend] = []
        self.clauses_written: set[str] = set()
        self.outcomes: list[results.Outcome] = []

    @cached_property
    def backends(self) -> list[Adapter | NotRun]:
        """Loaded when the first clause is collected, and never if none is."""
        return load_backends(self.config.getoption("--backend"), self.isolation)

    @property
    def isolation(self) -> Isolation | None:
        option = self.config.getoption
        if option("--in-process"):
            return None
        limits = Limits(
            call=option("--time-limit"),
            start=option("--start-limit"),
            memory=option("--memory-limit"),
            threads=option("--threads"),
        )
        return Isolation(limits, self.path.with_suffix(".calls"))

    @cached_property
    def described(self) -> list[dict[str, Any]]:
        """The backends as the results tell of them."""
        found = [describe(backend) for backend in self.backends]
        before = (
            {backend.name: backend for backend in self.earlier.backends} if self.earlier else {}
        )
        for now in found:
            then = before.get(now.name, now)
            if (then.version, then.not_run) != (now.version, now.not_run):
                raise pytest.UsageError(
                    f"--resume: {now.name} was {then.version or then.not_run} in the run to go on "
                    f"with, and is {now.version or now.not_run} now: begin a new run"
                )
        return [asdict(backend) for backend in found]

    @property
    def adapters(self) -> list[Adapter]:
        return [backend for backend in self.backends if isinstance(backend, Adapter)]

    @property
    def missing(self) -> list[str]:
        """The backends that were asked for by name, and did not run."""
        asked = self.config.getoption("--backend")
        return [b.name for b in self.written if b.not_run is not None and b.spec in asked]

    def has(self, item: pytest.Item) -> bool:
        """Whether the run that this one goes on with has the outcome already."""
        if not self.done:
            return False
        adapter, dtype = item.callspec.params["subject"]  # type: ignore[attr-defined]
        clause: Clause = item.function.clause  # type: ignore[attr-defined]
        return (clause.id, adapter.name, dtype) in self.done

    def pytest_report_header(self) -> str:
        return f"convspec: --profile {self.plan.profile} --seed {self.plan.seed}"

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["convspec_seed"] = self.plan.seed

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        if backends := getattr(node, "workeroutput", {}).get("convspec_backends"):
            self._open(backends)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        report = yield
        clause: Clause | None = getattr(getattr(item, "function", None), "clause", None)
        subject = getattr(item, "funcargs", {}).get("subject")
        if clause is None or not isinstance(subject, Subject) or call.when != "call":
            return report
        error = call.excinfo.value if call.excinfo else None
        tally = copy.deepcopy(subject.tally)  # to explain a failure asks the backend more
        found = explain(clause, subject, error, self.plan.known_issues)
        record = results.Outcome(
            clause=clause.id,
            backend=subject.adapter.name,
            dtype=subject.dtype,
            outcome=found.outcome,
            examples=subject.examples,
            declined=subject.declined.total(),
            worst=subject.worst,
            seconds=call.duration,
            reason=found.reason,
            case=found.case,
            facts=subject.facts,
            refusals=dict(subject.declined),
            invalid=max(0, subject.drawn - subject.examples - subject.declined.total()),
            ratios=tuple(tally.ratios),
            inputs={name: tuple(counts) for name, counts in tally.inputs.items()},
            calling=tally.calling,
            series=subject.series,
        )
        # Only plain values get from a worker of xdist to its controller.
        outcome = asdict(record) if self.is_worker else record
        report.convspec = {"backends": self.described, "outcome": outcome}
        if report.failed:
            report.longrepr = found.text
        return report

    def pytest_runtest_logreport(self, report: Any) -> None:
        content = getattr(report, "convspec", None)
        if content is None or self.is_worker:
            return
        outcome = content["outcome"]
        if isinstance(outcome, dict):
            outcome = results.Outcome(**outcome)
        self._open(content["backends"]).write(outcome)
        self.outcomes.append(outcome)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        loaded = "backends" in vars(self)
        for backend in self.backends if loaded else []:
            if isinstance(backend, Isolated):
                backend.close()
        with contextlib.suppress(OSError):
            self.path.with_suffix(".calls").rmdir()  # unless calls that killed are kept in it
        if self.is_worker:
            output = self.config.workeroutput  # type: ignore[attr-defined]
            output["convspec_backends"] = self.described if loaded else None
            return
        if loaded:
            self._open(self.described)
        if self.writer is None:
            return
        if self.missing and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self.writer.write(
            results.End(_now(), int(session.exitstatus), results.count(self.outcomes))
        )
        self.writer.close()
        if page := self.config.getoption("--report"):
            from reports.pages import write_page

            write_page(results.read(self.path), page)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.writer is None:
            return
        terminalreporter.section("convspec")
        for line in summarize(self.written, self.outcomes, terminalreporter._tw.fullwidth):
            terminalreporter.write_line(line)
        for name in self.missing:
            terminalreporter.write_line(f"{name} was asked for and did not run: exit code 1")
        terminalreporter.write_line(f"reproduce with --seed {self.plan.seed}")
        terminalreporter.write_line(f"results: {self.path}")
        if page := self.config.getoption("--report"):
            terminalreporter.write_line(f"report: {page}")

    def _open(self, backends: list[dict[str, Any]]) -> results.Writer:
        """The results file, begun with what its outcomes refer to."""
        if self.writer is None:
            self.writer = self._begun() if self.earlier is None else self._gone_on()
            written = {*self.clauses_written, *(backend.name for backend in self.written)}
            for clause in clauses().values():
                if clause.id not in written:
                    self.writer.write(in_results(clause))
            for backend in (results.Backend(**backend) for backend in backends):
                if backend.name not in written:
                    self.writer.write(backend)
                    self.written.append(backend)
        return self.writer

    def _begun(self) -> results.Writer:
        writer = results.Writer(self.path)
        writer.write(
            results.Run(
                format=results.FORMAT,
                suite=__version__,
                started=self.started,
                profile=self.plan.profile,
                seed=self.plan.seed,
                environment=environment(),
                shard=self.config.getoption("--shard"),
                id=uuid.uuid4().hex,
            )
        )
        return writer

    def _gone_on(self) -> results.Writer:
        writer, found = results.Writer.resume(self.path)
        self.outcomes, self.written = list(found.outcomes), list(found.backends)
        self.clauses_written = {clause.id for clause in found.clauses}
        return writer


def describe(backend: Adapter | NotRun) -> results.Backend:
    """A backend as the results tell of it."""
    if isinstance(backend, NotRun):
        return results.Backend(backend.spec, backend.spec, "", (), {}, {}, backend.reason)
    return results.Backend(
        name=backend.name,
        spec=backend.spec,
        version=str(backend.version),
        dtypes=backend.capabilities.dtypes,
        promises=dict(backend.capabilities.promises),
        environment={str(key): str(value) for key, value in backend.environment().items()},
        claims=claims(backend),
    )


def in_results(clause: Clause) -> results.Clause:
    """A clause as the results tell of it."""
    formula = formula_of(clause.id)
    return results.Clause(
        clause.id,
        clause.chapter.title,
        clause.sentence,
        clause.source,
        formula.symbols,
        formula.reference,
    )


def claims(backend: Adapter) -> dict[str, str]:
    """What a backend says that it can do."""
    capabilities = backend.capabilities
    return {
        "dtypes": ", ".join(capabilities.dtypes),
        "spatial axes": ", ".join(map(str, capabilities.spatial_axes)),
        "padding by name": ", ".join(capabilities.named_padding) or "none",
        "padding of transposes by name": ", ".join(capabilities.named_transposed_padding) or "none",
        **{operation: backend.offers(operation) for operation in OPERATIONS},
    }


def environment() -> dict[str, str]:
    """What any result may depend on, whichever the backend."""
    packages = {name: metadata.version(name) for name in ("numpy", "scipy", "hypothesis", "pytest")}
    return {
        "Python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        **packages,
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
