"""``python -m conformance.mistakes``: every known mistake by name, as known issues name them."""

from conformance.mistakes import MISTAKES
from conformance.mistakes.learning import WRONG

if __name__ == "__main__":
    for mistake in MISTAKES.values():
        print(f"cross_correlate: {mistake.name}: {mistake.sentence}")
    for wrong in WRONG.values():
        print(f"{wrong.operation}: {wrong.name}: {wrong.sentence}")
