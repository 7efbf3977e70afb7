"""Break a long expression into lines, as people would."""

from __future__ import annotations

import ast

WIDTH = 100
_INDENT = 4


def wrapped(text: str, *, indent: int = 0) -> str:
    """Break an expression into lines if it is longer than :data:`WIDTH` columns; some parts cannot be broken."""
    return text if indent + len(text) <= WIDTH else _Layout(text).of(ast.parse(text, mode="eval").body, indent)


class _Layout:
    """The lines of one source."""

    def __init__(self, source: str) -> None:
        self._source = source

    def of(self, node: ast.expr, indent: int, before: int = 0) -> str:
        """Lay a part out; ``before`` columns of its first line are taken."""
        text = self._text(node)
        if indent + before + len(text) <= WIDTH:
            return text
        if isinstance(node, ast.Call):
            return f"{self.of(node.func, indent)}({self._items(node, indent)})"
        if isinstance(node, ast.Attribute) and isinstance(node.value, (ast.Attribute, ast.Call, ast.Name)):
            return f"{self.of(node.value, indent)}.{node.attr}"
        if isinstance(node, (ast.List, ast.Dict, ast.Tuple, ast.Set)):
            return f"{text[0]}{self._items(node, indent)}{text[-1]}"
        return text

    def _items(self, node: ast.expr, indent: int) -> str:
        parts = list(self._parts(node))
        pad = " " * (indent + _INDENT)
        if all(isinstance(value, (ast.Constant, ast.UnaryOp)) for _, value in parts):
            lines = _filled([f"{before}{self._text(value)}," for before, value in parts], pad)
        else:
            lines = [f"{pad}{before}{self.of(value, indent + _INDENT, len(before) + 1)}," for before, value in parts]
        return "\n".join(["", *lines, " " * indent])

    def _parts(self, node: ast.expr) -> list[tuple[str, ast.expr]]:
        if isinstance(node, ast.Call):
            named = [(f"{one.arg}=" if one.arg else "**", one.value) for one in node.keywords]
            return [*(("", one) for one in node.args), *named]
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            return [(f"{self._text(key)}: " if key else "**", value) for key, value in pairs]
        return [("", one) for one in getattr(node, "elts", ())]

    def _text(self, node: ast.expr) -> str:
        return ast.get_source_segment(self._source, node) or ast.unparse(node)


def _filled(items: list[str], pad: str) -> list[str]:
    lines = [pad]
    for item in items:
        if lines[-1] != pad and len(lines[-1]) + 1 + len(item) > WIDTH:
            lines.append(pad)
        lines[-1] += item if lines[-1] == pad else f" {item}"
    return lines
