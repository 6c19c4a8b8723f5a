"""Each spec has one reading: a target, options, a command."""

import pytest

from adapters import Unavailable
from adapters.specs import Spec, is_file, parse


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("jax", Spec("jax")),
        ("jax+jit", Spec("jax", ("jit",))),
        ("keras+jax+jit", Spec("keras", ("jax", "jit"))),
        ("acme.adapters:Acme", Spec("acme.adapters:Acme")),
        ("acme:Acme+fast@ssh host python3", Spec("acme:Acme", ("fast",), "ssh host python3")),
        ("./a/acme.py:Acme", Spec("./a/acme.py:Acme")),
        ("../c++@home/acme.py:Acme+fast", Spec("../c++@home/acme.py:Acme", ("fast",))),
        ("/c++/acme.py:Acme@/b@c/python", Spec("/c++/acme.py:Acme", (), "/b@c/python")),
        ("a/acme.py:Acme+fast", Spec("a/acme.py:Acme", ("fast",))),
        ("torch-cpu@ssh a@b 'x y' +z:1\n", Spec("torch-cpu", (), "ssh a@b 'x y' +z:1\n")),
        ("torch-cpu@", Spec("torch-cpu")),
        ("jax+", Spec("jax", ("",))),
        ("", Spec("")),
    ],
)
def test_parts(text: str, spec: Spec) -> None:
    assert parse(text) == spec
    assert parse(spec.local) == Spec(spec.target, spec.options)


@pytest.mark.parametrize("text", ["a:b:c", "./a.py:B:C", "jax+jit:x"])
def test_what_is_no_spec(text: str) -> None:
    with pytest.raises(Unavailable, match="is not NAME, module:Class or"):
        parse(text)


@pytest.mark.parametrize("target", ["./acme.py:A", "acme.py:A", "/x/acme:A", "~/acme.py:A"])
def test_classes_in_files(target: str) -> None:
    assert is_file(target)


@pytest.mark.parametrize("target", ["jax", "acme:A", "acme.py", "a.b:A"])
def test_other_targets(target: str) -> None:
    assert not is_file(target)
