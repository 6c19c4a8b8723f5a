"""What the reference refuses, by name. Every message says what was wrong and with what value."""


class SpecError(ValueError):
    """An argument that the specification gives no meaning to."""


class ParameterError(SpecError):
    """A stride, dilation, padding or number of groups that is no such thing."""


class ShapeError(SpecError):
    """Arrays whose ranks or channels do not fit each other."""


class SizeError(SpecError):
    """A filter that does not fit into the padded input even once."""
