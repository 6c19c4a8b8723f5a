"""What must hold, and does it? The clauses of the specification, each with a test that checks it.

``pytest conformance`` holds every backend installed here to all of them.
"""

__version__ = "0.1.0"
