"""What a page may hold: parsed, not searched."""

from __future__ import annotations

import json
from html.parser import HTMLParser

from jupyter_deploy.display.markup import NARROW

TAGS = {
    "div", "span", "b", "table", "thead", "tbody", "tr", "td", "th", "code", "pre", "details", "summary", "style",
    "img", "svg", "g", "line", "rect", "text", "title",
}  # fmt: skip
ATTRIBUTES = {
    "style", "title", "role", "scope", "tabindex", "open", "aria-label", "aria-hidden",
    "aria-valuenow", "aria-valuemin", "aria-valuemax", "class", "data-column",
    "src", "alt", "viewbox", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "text-anchor",
}  # fmt: skip


class Page(HTMLParser):
    """A fragment, taken apart: its tags, attributes and text."""

    def __init__(self, fragment: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.sheets: list[str] = []
        self.odd: list[str] = []
        self._open: list[str] = []
        self.feed(fragment)
        self.close()
        self.odd += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if len(dict(attrs)) != len(attrs):
            self.odd.append(f"<{tag}> has an attribute twice")
        if tag != "img":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.odd.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["style"]:
            self.sheets.append(data)
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.odd.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.odd.append(f"declaration {decl}")

    def handle_pi(self, data: str) -> None:
        self.odd.append(f"instruction {data}")


def harmless(fragment: str) -> Page:
    """Parse a face's HTML and refuse what a face must not hold; every style is one of ours, whatever it shows."""
    page = Page(fragment)
    assert not page.odd, page.odd
    assert set(page.sheets) <= {NARROW}
    assert {attributes["class"] for _, attributes in page.tags if "class" in attributes} <= {"jpd-table"}
    for tag, attributes in page.tags:
        assert tag in TAGS, tag
        assert set(attributes) <= ATTRIBUTES, (tag, attributes)
        style = attributes.get("style") or ""
        assert (attributes.get("src") or "data:image/").startswith("data:image/")
        assert "url(" not in style
        assert "expression" not in style
        assert "position" not in style
        assert "@" not in style
    assert not {mark for mark in fragment if mark < " " and mark not in "\n\t"}
    fragment.encode()
    return page


def structure(fragment: str) -> list[tuple[str, tuple[str, ...], str | None]]:
    """What no text may change: the tags in order, the names of their attributes, their styles."""
    return [(tag, tuple(attributes), attributes.get("style")) for tag, attributes in Page(fragment).tags]


def encodable(value: object) -> str:
    """What a renderer gets is JSON that every reader takes."""
    written = json.dumps(value, allow_nan=False)
    written.encode()
    return written
