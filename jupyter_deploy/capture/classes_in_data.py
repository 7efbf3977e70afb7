"""Define each class once: a class that travels inside saved data is not defined again in the script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..scripts import Taken


def settled(taken: Sequence[Taken], classes: Mapping[str, object]) -> list[Taken]:
    """Ship a class with the data that holds its instances.

    An instance is saved with its class, because no module has that class. A second definition in the script would be
    another class, and the instance would not belong to it. Pickles of one session share their classes, so such a
    class is saved too, instead of being written into the script.
    """
    found = list(taken)
    while True:
        travelling: set[object] = set().union(*(_classes_in(one.value) for one in found if one.kind == "data"))
        moved = [
            replace(one, kind="data", text="", summary="class", first=frozenset(), value=classes[one.name])
            if one.kind == "class" and classes[one.name] in travelling
            else one
            for one in found
        ]
        if [one.kind for one in moved] == [one.kind for one in found]:
            return moved
        found = moved


def _classes_in(value: object) -> set[type]:
    """Find the notebook's own classes in the pickle of a value."""
    import cloudpickle

    seen: set[type] = set()

    class Recorder(cloudpickle.Pickler):  # type: ignore[misc]
        def reducer_override(self, obj: Any) -> Any:
            kind = obj if isinstance(obj, type) else type(obj)
            if kind.__module__ == "__main__":
                seen.add(kind)
            return super().reducer_override(obj)

    class Nowhere:
        def write(self, data: Any) -> int:
            return len(data)

    try:
        Recorder(Nowhere()).dump(value)
    except Exception:  # noqa: BLE001 - saving the value reports the error, in better words
        return set()
    return seen
