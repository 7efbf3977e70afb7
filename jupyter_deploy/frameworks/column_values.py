"""What the columns of a model hold, as far as its fitted steps tell: texts, and the categories that they know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_MOST_NESTED = 50
_TEXT = "text"
# Where meta-estimators keep the model that gets the columns as they are. Gradient boosting's takes its own steps.
_INNER = ("best_estimator_", "estimator_", "regressor_", "_preprocessor")


def example_row(model: Any, columns: tuple[str, ...], width: int) -> tuple[Any, ...]:
    """Make a row that the model takes: zeros, and for a column of categories or texts one of them.

    ``columns`` is empty if the features have no names; ``width`` is their number.
    """
    row: list[Any] = [0.0] * width
    known = set[int]()
    for name, value in _values(model, columns or range(width), 0):
        place = columns.index(name) if name in columns else name if isinstance(name, int) else -1
        if 0 <= place < width and place not in known:
            known.add(place)
            row[place] = value.item() if hasattr(value, "item") else value
    return tuple(row)


def takes_texts(model: Any) -> bool:
    """Tell whether a model's rows are texts: the first of its steps splits them into words."""
    for _ in range(_MOST_NESTED):
        inner = next((getattr(model, name) for name in _INNER if hasattr(model, name)), None)
        steps = getattr(model, "steps", None) or getattr(model, "transformer_list", None)
        if not steps and inner is None:
            break
        model = steps[0][1] if steps else inner
    return hasattr(model, "build_analyzer")


def _values(model: Any, names: Sequence[Any], depth: int) -> Iterator[tuple[Any, Any]]:
    """Yield a column and a value that it may have; ``names`` are the columns that the model gets."""
    if depth > _MOST_NESTED or model is None or isinstance(model, str):
        return
    yield from _own(model, names)
    for place, (_, step) in enumerate(getattr(model, "steps", ())):
        yield from _values(step, names, depth + 1)
        if not _keeps_columns(step) or place > _MOST_NESTED:
            break
    for part in getattr(model, "transformers_", ()):
        given = _chosen(part[-1], names)
        if given:
            yield from _values(part[1], given, depth + 1)
    for _, part in getattr(model, "transformer_list", ()):
        yield from _values(part, names, depth + 1)
    for inner in _inner(model):
        yield from _values(inner, names, depth + 1)


def _own(model: Any, names: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    if hasattr(model, "categories_"):
        for name, categories in zip(names, model.categories_, strict=False):
            present = [one for one in categories if one is not None and one == one]
            if present:
                yield name, present[0]
    elif hasattr(model, "build_analyzer"):
        yield from ((name, _TEXT) for name in names)
    elif hasattr(model, "statistics_"):
        # What takes the place of missing values is a value; numbers stay zeros.
        yield from (pair for pair in zip(names, model.statistics_, strict=False) if isinstance(pair[1], str))


def _keeps_columns(step: Any) -> bool:
    """Whether the next step gets the same columns."""
    if isinstance(step, str) or step is None:
        return True
    return (hasattr(step, "statistics_") and getattr(step, "indicator_", None) is None) or hasattr(step, "func")


def _chosen(given: Any, names: Sequence[Any]) -> list[Any]:
    """Tell which columns a part of a table transformer gets: it names one or lists, counts, slices or marks them."""
    if isinstance(given, slice):
        if any(isinstance(end, str) for end in (given.start, given.stop)):
            every = list(names)
            start = every.index(given.start) if given.start in every else 0
            return every[start : every.index(given.stop) + 1 if given.stop in every else None]
        return list(names[given])
    given = given.tolist() if hasattr(given, "tolist") else given
    listed = list(given) if isinstance(given, (list, tuple)) else [given]
    if listed and all(isinstance(one, bool) for one in listed):
        return [name for name, is_chosen in zip(names, listed, strict=False) if is_chosen]
    places = range(-len(names), len(names))
    return [names[one] if isinstance(one, int) and one in places else one for one in listed]


def _inner(model: Any) -> Iterator[Any]:
    yield from (getattr(model, name) for name in _INNER if hasattr(model, name))
    for folds in getattr(model, "calibrated_classifiers_", ())[:1]:
        yield getattr(folds, "estimator", None)
    fitted = getattr(model, "estimators_", None)
    if isinstance(fitted, list):
        yield from fitted[:1]
