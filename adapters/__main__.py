"""``python -m adapters``: which backends there are; whether an adapter is right; a new one."""

import argparse
import sys
from pathlib import Path

from adapters import Unavailable, doctor, listing, skeleton


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0, 1 if something is wrong with a backend, 2 if the question is."""
    parser = argparse.ArgumentParser(prog="python -m adapters", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("list", help="which backends there are, and what they claim")
    command.add_argument("spec", nargs="*", help="these only")
    command.add_argument("--json", action="store_true", help="for programs")
    command.set_defaults(run=_list)

    command = commands.add_parser("doctor", help="whether an adapter is right, and how to mend it")
    command.add_argument("spec", help="NAME, module:Class or ./file.py:Class, and its +OPTIONs")
    command.set_defaults(run=_doctor)

    command = commands.add_parser("new", help="write an adapter to begin with, and its test")
    command.add_argument("name", help="what the backend is called")
    command.add_argument("--file", type=Path, help="where (default: NAME_adapter.py)")
    command.set_defaults(run=_new)

    options = parser.parse_args(arguments)
    code: int = options.run(options)
    return code


def _list(options: argparse.Namespace) -> int:
    backends = listing.listed(options.spec)
    print(listing.as_json(backends) if options.json else listing.as_text(backends))
    return int(bool(options.spec) and any(backend.why for backend in backends))


def _doctor(options: argparse.Namespace) -> int:
    try:
        checkup = doctor.examined(options.spec)
    except Unavailable as why:
        print(f"{options.spec} cannot be used: {why}", file=sys.stderr)
        return 2
    print(doctor.told(checkup))
    return int(bool(checkup.faults))


def _new(options: argparse.Namespace) -> int:
    try:
        print(skeleton.what_next(skeleton.written(options.name, options.file)), end="")
    except skeleton.SkeletonError as why:
        print(why, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
