"""Where failing examples are kept between runs: in a folder, or in a Redis server that machines
share. Each backend and dtype has examples of its own, and reads those of all others: one that they
shared would be replayed, passed, and deleted by the next.
"""

import functools
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hypothesis.database import (
    DirectoryBasedExampleDatabase,
    ExampleDatabase,
    MultiplexedDatabase,
    ReadOnlyDatabase,
)

REDIS = ("redis://", "rediss://", "unix://")
_NAMES = "convspec:backends"


class DatabaseError(ValueError):
    """A database that cannot be used; the message says why."""


def database_of(place: str, backend: str) -> ExampleDatabase:
    """That of one backend and dtype. ``place``: a folder, or the URL of a Redis server."""
    name = quote(backend, safe="")
    own, others = (_in_redis if place.startswith(REDIS) else _in_folder)(place, name)
    return MultiplexedDatabase(own, *map(ReadOnlyDatabase, others))


def check(place: str) -> None:
    """Raises DatabaseError for a Redis server that does not answer."""
    if not place.startswith(REDIS):
        return
    try:
        _server(place).ping()
    except ImportError as error:
        raise DatabaseError(f"{place} needs redis: pip install redis") from error
    except Exception as error:
        raise DatabaseError(f"{place}: {error}") from error


Databases = tuple[ExampleDatabase, Iterable[ExampleDatabase]]


def _in_folder(place: str, name: str) -> Databases:
    own = Path(place) / name
    others = sorted(set(Path(place).glob("*")) - {own})
    return DirectoryBasedExampleDatabase(own), map(DirectoryBasedExampleDatabase, others)


def _in_redis(place: str, name: str) -> Databases:
    from hypothesis.extra.redis import RedisExampleDatabase

    server = _server(place)

    def examples(name: str) -> ExampleDatabase:
        return _Lasting(RedisExampleDatabase(server, key_prefix=f"convspec:{name}:".encode()))

    names: Sequence[bytes] = ()
    try:
        server.sadd(_NAMES, name)
        names = sorted(server.smembers(_NAMES))
    except Exception as error:
        _warn(error)
    return examples(name), [examples(other.decode()) for other in names if other.decode() != name]


@functools.cache
def _server(place: str) -> Any:
    import redis

    return redis.Redis.from_url(place)


class _Lasting(ExampleDatabase):
    """Goes on without a server that has gone away: a run does not end for want of old examples."""

    def __init__(self, examples: ExampleDatabase) -> None:
        super().__init__()
        self.examples = examples

    def fetch(self, key: bytes) -> Iterable[bytes]:
        try:
            return list(self.examples.fetch(key))
        except Exception as error:
            _warn(error)
            return []

    def save(self, key: bytes, value: bytes) -> None:
        try:
            self.examples.save(key, value)
        except Exception as error:
            _warn(error)

    def delete(self, key: bytes, value: bytes) -> None:
        try:
            self.examples.delete(key, value)
        except Exception as error:
            _warn(error)


def _warn(error: Exception) -> None:
    warnings.warn(f"the database of examples: {error}", stacklevel=3)
