"""A model that answers requests by itself."""

from __future__ import annotations

import difflib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ...frameworks import DATA, Predictor, Signature, Tensor, predictor_of
from ..batching import Outcome, call_together
from ..jsonbody import decode
from ..modes import BadInput
from ..openinference import TensorRequest
from .apart import alike, trials
from .describing import likely_examples, schemas_of
from .matrices import matrix_of, of_columns, with_own_names
from .protobuf import is_protobuf, output_filter, read_tensor, written
from .tensors import fitted, named, shown, tensors_of

_MISFIT = "The request does not fit the model"
_MOST_NAMED = 12
_LONGEST = 500
_PATIENCE_SECONDS = 5.0
# What MLServer's models of scikit-learn offer.
_OFFERED = {"predict", "predict_proba"}
# Where the rows stand: Azure ML's name, that of its second version, and those of MLflow and TensorFlow Serving.
_ROWS = ("data", "input_data", "dataframe_split", "dataframe_records", "instances", "inputs")


@dataclass(frozen=True)
class Question:
    """One request, read."""

    inputs: dict[str, Any]  # for the predictor
    outputs: tuple[str, ...]  # the requested ones
    form: Callable[[dict[str, Any]], Any]  # makes the answer of the outputs


class ServedModel:
    """The model of a service without a script; the framework is in Azure ML's spelling."""

    def __init__(self, framework: str) -> None:
        self.framework = framework
        self._predictor: Predictor | None = None
        self._example: dict[str, Any] | None = None
        self._joins = False

    def load(self, folder: str) -> None:
        """Read the model's files from ``AZUREML_MODEL_DIR``."""
        self._predictor = predictor_of(Path(folder), self.framework)
        self._example = self._accepted_example()
        self._joins = self.signature.joins and self._answers_rows_apart()

    def _accepted_example(self) -> dict[str, Any] | None:
        """Find a request that the model takes: asked, where its signature does not say."""
        for example, sure in likely_examples(self.signature):
            if sure or not isinstance(self.answers([json.dumps(example)])[0], Exception):
                return example
        return None

    def _answers_rows_apart(self) -> bool:
        """Try whether rows of several requests, predicted together, are answered as they are alone."""
        of_rows = self.signature.of_rows
        if self._example is None:
            return of_rows
        bodies = [json.dumps(one) for one in trials(self._example, of_rows=of_rows)]
        began = time.monotonic()
        alone = [self.answers([body])[0] for body in bodies]
        if time.monotonic() - began > _PATIENCE_SECONDS:
            # Its start would take long, and batches gain little where rows cost that much.
            return False
        if any(isinstance(answer, Exception) for answer in alone):
            return of_rows
        self._joins = True
        return alike(self.answers(bodies), alone)

    @property
    def predictor(self) -> Predictor:
        """The loaded model."""
        if self._predictor is None:
            raise RuntimeError("load() was not called")
        return self._predictor

    @property
    def signature(self) -> Signature:
        """Its inputs and outputs."""
        return self.predictor.signature

    def schemas(self) -> dict[str, Any]:
        """Describe it for swagger documents, with an example."""
        return schemas_of(self.signature, self._example)

    @property
    def taken(self) -> tuple[Tensor, ...]:
        """The inputs as a client of the Open Inference Protocol sends them: columns one by one, if some hold texts."""
        signature = self.signature
        if not signature.columns or not any(isinstance(value, str) for value in signature.example):
            return signature.inputs
        return tuple(
            Tensor(name, "str" if isinstance(value, str) else "float64", (-1,))
            for name, value in zip(signature.columns, signature.example, strict=True)
        )

    @property
    def offered(self) -> tuple[Tensor, ...]:
        """The outputs that a client of the Open Inference Protocol gets where it names none."""
        signature = self.signature
        usual = tuple(one for one in signature.outputs if one.name in {*signature.usual, *_OFFERED})
        return tuple(sorted(usual, key=lambda one: one.name)) if signature.of_rows else usual

    def answers(self, requests: Sequence[str | TensorRequest]) -> list[Any]:
        """Predict for several requests at once, from their texts or tensors.

        Returns the answer of each, or its exception: a :class:`~jupyter_deploy.serving.modes.BadInput` for one that
        does not fit the model.
        """
        read = [self._read(request) for request in requests]
        found: list[Any] = list(read)
        groups: dict[tuple[str, ...], list[int]] = {}
        for place, question in enumerate(read):
            if isinstance(question, Question):
                groups.setdefault(question.outputs, []).append(place)
        for outputs, places in groups.items():
            questions = [question for place in places if isinstance(question := read[place], Question)]
            outcomes = self._predict(outputs, [question.inputs for question in questions])
            for place, question, (worked, value) in zip(places, questions, outcomes, strict=True):
                found[place] = question.form(value) if worked else self._failed(value, question)
        return found

    def _predict(self, outputs: tuple[str, ...], batch: list[dict[str, Any]]) -> list[Outcome]:
        ask = partial(self.predictor.predict, outputs=outputs)
        if self._joins:
            return call_together(ask, batch)
        return [outcome for one in batch for outcome in call_together(ask, [one])]

    def _read(self, request: str | TensorRequest) -> Question | BadInput:
        if not isinstance(request, str):
            try:
                return self._of_tensors(request)
            except BadInput as bad:
                return BadInput(f"{_MISFIT}: {bad.message}.")
        try:
            return self._question(request)
        except BadInput as bad:
            return self._explained(bad.message)

    def _of_tensors(self, asked: TensorRequest) -> Question:
        signature = self.signature
        known = [one.name for one in signature.outputs]
        unknown = [name for name in asked.outputs if name not in known]
        if unknown:
            raise BadInput(f"there is no output {unknown[0]!r}; the model has {', '.join(map(repr, known))}")
        outputs = asked.outputs or tuple(one.name for one in self.offered)
        if not signature.of_rows:
            return Question(named(asked.inputs, signature, fitted), outputs, dict)
        if signature.columns and (len(asked.inputs) > 1 or set(asked.inputs) & set(signature.columns)):
            return Question({DATA: of_columns(asked.inputs, signature)}, outputs, dict)
        if len(asked.inputs) > 1:
            raise BadInput(
                f"it has {len(asked.inputs)} inputs, but the model takes one, with a row for each prediction"
            )
        (rows,) = asked.inputs.values()
        if signature.of_texts:
            # Clients of Triton send texts as a matrix of one column.
            return Question(
                {DATA: fitted(rows.reshape(-1) if rows.shape[1:] == (1,) else rows, signature.inputs[0])}, outputs, dict
            )
        return Question({DATA: fitted(rows, Tensor(DATA, "", signature.inputs[0].shape))}, outputs, dict)

    def _explained(self, message: str) -> BadInput:
        example = json.dumps(self._example, ensure_ascii=False)
        advice = f"\nSend for example {example}" if self._example and len(example) <= _LONGEST else ""
        return BadInput(f"{_MISFIT}: {message}.{advice}")

    def _failed(self, error: Any, question: Question) -> Any:
        # Here is no code of the user's: such a lone request has a value that the model cannot take.
        lines = str(error).strip().splitlines()
        if isinstance(error, (ValueError, TypeError)) and lines:
            width, columns = self.signature.width, self.signature.columns
            takes = f" ({', '.join(columns)})" if 0 < len(columns) <= _MOST_NAMED else ""
            expected = f"; the model takes {width} values a row{takes}" if self.signature.of_rows and width > 0 else ""
            if not self.signature.of_rows:
                shapes = [f"{one.name} of {shown(one.shape)}" for one in self.signature.inputs if one.shape]
                expected = f"; the model takes {', '.join(shapes)}" if 0 < len(shapes) <= _MOST_NAMED else ""
            message = lines[0].rstrip(".") + expected
            # The example is a request of the other kind.
            return BadInput(f"{_MISFIT}: {message}.") if question.form is dict else self._explained(message)
        return error

    def _question(self, request: str) -> Question:
        try:
            body = decode(request.encode())
        except (ValueError, RecursionError) as error:
            raise BadInput(f"it is not JSON: {error}") from None
        if isinstance(body, list):
            body = {"data": body}
        if not isinstance(body, Mapping):
            raise BadInput("it is neither an object nor a list")
        signature = self.signature
        if not signature.of_rows and is_protobuf(body):
            inputs = named(body["inputs"], signature, _protobuf)
            return Question(inputs, output_filter(body, signature.usual), written)
        key = next((name for name in _ROWS if name in body), "")
        if not key or (len(self._names()) > 1 and set(self._names()) <= set(body)):
            return self._by_name(body)
        outputs = self._outputs(body)
        form = partial(_plain, key="predictions" if key == "instances" else "")
        if signature.of_rows:
            return Question({DATA: matrix_of(body[key], signature)}, outputs, form)
        return Question(tensors_of(body[key], signature), outputs, form)

    def _by_name(self, body: Mapping[str, Any]) -> Question:
        """Read a request whose keys are columns or inputs."""
        signature = self.signature
        body = with_own_names(body, signature)
        if not set(body) & set(self._names()):
            raise BadInput("it has no 'data'")
        # Beside columns, "method" is still the model's, unless a column is called so.
        outputs = signature.usual if "method" in self._names() else self._outputs(body)
        values = {key: value for key, value in body.items() if key != "method" or key in self._names()}
        if signature.of_rows:
            return Question({DATA: matrix_of(values, signature)}, outputs, _plain)
        return Question(tensors_of(values, signature), outputs, _plain)

    def _names(self) -> tuple[str, ...]:
        """Of what a request may have one by one: columns or inputs."""
        return self.signature.columns if self.signature.of_rows else tuple(one.name for one in self.signature.inputs)

    def _outputs(self, body: Mapping[str, Any]) -> tuple[str, ...]:
        method = body.get("method")
        if method is None:
            strange = [key for key in body if key not in _ROWS and key not in (*self._names(), "method")]
            # Ignored, it would be answered with probabilities where labels were meant.
            for slip in difflib.get_close_matches("method", strange, n=1, cutoff=0.7):
                raise BadInput(f"there is no {slip!r}: did you mean 'method'?")
            return self.signature.usual
        if not self.signature.of_rows:
            raise BadInput("a model of tensors has no methods")
        known = [one.name for one in self.signature.outputs]
        if method not in known:
            raise BadInput(f"the model has no method {method!r}; it has {', '.join(known)}")
        return (method,)


def _protobuf(value: Any, wanted: Tensor) -> Any:
    return fitted(read_tensor(value, wanted.name), wanted)


def _plain(found: dict[str, Any], key: str = "") -> Any:
    """Return the only output by itself, several by their names."""
    answer = next(iter(found.values())) if len(found) == 1 else found
    return {key: answer} if key else answer
