"""Pickles, by their opcodes: which modules they name, and what wrote them. Nothing is imported, nothing is called.

The opcodes run on a stack of placeholders, which hold only what matters here: texts, numbers, tuples, dictionaries by
text, and names. joblib's arrays stand between opcodes as plain bytes; their placeholders tell how many.
"""

from __future__ import annotations

import math
import pickletools
import re
from dataclasses import dataclass, field
from typing import Any

from .stream import Stream, TooMuch

_MOST_OPCODES = 20_000_000
_LONG = 4096
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


@dataclass
class Ref:
    """A name of a module."""

    module: str
    name: str


@dataclass
class Made:
    """The result of a call."""

    of: Any
    arguments: Any
    state: Any = None


class Mark:
    """The beginning of a list of values."""


class Unknown:
    """A value that does not matter."""


_MARK, _UNKNOWN = Mark(), Unknown()


@dataclass
class Seen:
    """What a walk has found so far."""

    refs: dict[tuple[str, str], None] = field(default_factory=dict)
    modules: dict[str, None] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    left: int = _MOST_OPCODES


class Walk:
    """Walks one pickle; the next one in the same file needs another walk.

    ``depth`` says how many pickles surround it.
    """

    def __init__(self, stream: Stream, seen: Seen, depth: int = 0) -> None:
        self._stream = stream
        self._seen = seen
        self._depth = depth
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Walk to the end, and return the placeholder of the pickle's value.

        Raises ValueError for anything but a whole pickle, and :class:`TooMuch` for one that is too long.
        """
        stream, seen, stack = self._stream, self._seen, self._stack
        while True:
            code = stream.read(1)
            step = _STEPS.get(code)
            if step is None:
                raise ValueError("no pickle" if code else "a pickle without an end")
            seen.left -= 1
            if seen.left < 0:
                raise TooMuch("opcodes")
            if not seen.left & 0xFFFF:
                stream.check_time()
            opcode, handle, is_value = step
            argument = None if opcode.arg is None else self._argument(opcode.arg)
            if handle is not None:
                handle(self, argument)
            elif is_value:
                stack.append(argument)
            elif opcode.name == "STOP":
                return stack[-1] if stack else _UNKNOWN
            else:
                self._by_the_book(opcode)

    def _argument(self, kind: Any) -> Any:
        width = _WIDTHS.get(kind.n, 0)
        if not width:
            return kind.reader(self._stream)
        # A text or bytes; a long one is only searched for its end.
        count = int.from_bytes(self._exactly(width), "little")
        if count > _LONG:
            self._stream.skip(count)
            return _UNKNOWN
        data = self._exactly(count)
        if kind.name in {"long1", "long4"}:
            return int.from_bytes(data, "little", signed=True)
        return data.decode("utf-8", "replace") if "unicode" in kind.name or "string" in kind.name else _UNKNOWN

    def _exactly(self, count: int) -> bytes:
        data = self._stream.read(count)
        if len(data) < count:
            raise ValueError("a pickle that is cut off")
        return data

    def _by_the_book(self, opcode: Any) -> None:
        before = opcode.stack_before
        if pickletools.markobject in before:
            self._to_mark()
            before = before[: before.index(pickletools.markobject)]
        for _ in before:
            self._stack.pop()
        self._stack.extend([_UNKNOWN] * len(opcode.stack_after))

    def _to_mark(self) -> list[Any]:
        found: list[Any] = []
        while (one := self._stack.pop()) is not _MARK:
            found.append(one)
        found.reverse()
        return found

    def _mark(self, _: Any) -> None:
        self._stack.append(_MARK)

    def _pop(self, _: Any) -> None:
        self._stack.pop()

    def _pop_mark(self, _: Any) -> None:
        self._to_mark()

    def _dup(self, _: Any) -> None:
        self._stack.append(self._stack[-1])

    def _frame(self, _: Any) -> None:
        pass

    def _proto(self, _: Any) -> None:
        pass

    def _memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _put(self, number: int) -> None:
        self._memo[number] = self._stack[-1]

    _binput = _long_binput = _put

    def _get(self, number: int) -> None:
        self._stack.append(self._memo.get(number, _UNKNOWN))

    _binget = _long_binget = _get

    def _none(self, _: Any) -> None:
        self._stack.append(None)

    def _newtrue(self, _: Any) -> None:
        self._stack.append(True)

    def _newfalse(self, _: Any) -> None:
        self._stack.append(False)

    def _empty_tuple(self, _: Any) -> None:
        self._stack.append(())

    def _tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._to_mark()))

    def _tuple1(self, _: Any) -> None:
        self._stack[-1:] = [(self._stack[-1],)]

    def _tuple2(self, _: Any) -> None:
        self._stack[-2:] = [tuple(self._stack[-2:])]

    def _tuple3(self, _: Any) -> None:
        self._stack[-3:] = [tuple(self._stack[-3:])]

    def _empty_dict(self, _: Any) -> None:
        self._stack.append({})

    def _dict(self, _: Any) -> None:
        self._stack.append(self._filled({}, self._to_mark()))

    def _setitem(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._filled(self._stack[-1], [key, value])

    def _setitems(self, _: Any) -> None:
        pairs = self._to_mark()
        self._filled(self._stack[-1], pairs)

    def _filled(self, values: Any, pairs: list[Any]) -> Any:
        if isinstance(values, dict):
            for key, value in zip(pairs[::2], pairs[1::2], strict=False):
                if isinstance(key, str) and len(values) < _LONG:
                    values[key] = value
                    if key == "_sklearn_version" and isinstance(value, str):
                        self._seen.versions.setdefault("sklearn", value)
        return values

    def _global(self, argument: str) -> None:
        self._name(*argument.split(" ", 1))

    def _inst(self, argument: str) -> None:
        arguments = tuple(self._to_mark())
        self._name(*argument.split(" ", 1))
        self._stack[-1] = Made(self._stack[-1], arguments)

    def _stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if isinstance(name, str) and isinstance(module, str):
            self._name(module, name)
        else:
            self._stack.append(_UNKNOWN)

    def _name(self, module: str, name: str) -> None:
        self._stack.append(Ref(module, name))
        if _MODULE.fullmatch(module) and len(self._seen.refs) < _LONG:
            self._seen.refs[module, name] = None
            self._seen.modules[module] = None

    def _reduce(self, _: Any) -> None:
        arguments, of = self._stack.pop(), self._stack.pop()
        if isinstance(of, Ref) and of.name == "subimport" and isinstance(arguments, tuple) and arguments:
            # How cloudpickle writes a module.
            module = arguments[0]
            if isinstance(module, str) and _MODULE.fullmatch(module):
                self._seen.modules[module] = None
        self._stack.append(Made(of, arguments))

    _newobj = _reduce

    def _newobj_ex(self, _: Any) -> None:
        self._stack.pop()
        self._reduce(None)

    def _obj(self, _: Any) -> None:
        values = self._to_mark()
        self._stack.append(Made(values[0] if values else _UNKNOWN, tuple(values[1:])))

    def _build(self, _: Any) -> None:
        state = self._stack.pop()
        made = self._stack[-1]
        if isinstance(made, Made):
            made.state = state
            if (
                isinstance(made.of, Ref)
                and made.of.name == "NumpyArrayWrapper"
                and made.of.module.startswith("joblib.")
            ):
                self._skip_array(state)

    def _skip_array(self, state: Any) -> None:
        """Skip the bytes of an array, which joblib writes behind its description."""
        kind, shape = state["dtype"], state["shape"]
        text = kind.arguments[0] if isinstance(kind, Made) else ""
        found = re.fullmatch(r"[<>|=]?([a-zA-Z])(\d*)", text) if isinstance(text, str) else None
        if found is None:
            raise ValueError("an array of an unknown kind")
        if found[1] == "O" or _holds_objects(kind):
            if self._depth > 50:
                raise TooMuch("pickles in each other")
            Walk(self._stream, self._seen, self._depth + 1).run()
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            self._stream.skip(self._exactly(1)[0])
        item = int(found[2] or 1) * (4 if found[1] == "U" else 1)
        self._stream.skip(math.prod(shape) * item)


def _holds_objects(kind: Made) -> bool:
    # joblib also writes a pickle for a record with an object field: bit 1 of its flags.
    state = kind.state
    return isinstance(state, tuple) and len(state) > 7 and isinstance(state[7], int) and bool(state[7] & 1)


# Bytes in which the length of an argument is written.
_WIDTHS = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
_VALUES = {
    opcode.name
    for opcode in pickletools.opcodes
    if not opcode.stack_before and opcode.stack_after and opcode.arg is not None
} - {"PERSID", "GLOBAL", "INST", "GET", "BINGET", "LONG_BINGET", "EXT1", "EXT2", "EXT4"}

_STEPS = {
    opcode.code.encode("latin-1"): (
        opcode,
        getattr(Walk, f"_{opcode.name.lower()}", None),
        opcode.name in _VALUES,
    )
    for opcode in pickletools.opcodes
}
