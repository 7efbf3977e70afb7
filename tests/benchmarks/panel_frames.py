"""How smooth the side panel stays over many models and services: ``python -m tests.benchmarks.panel_frames``.

Real rows: registered models, deployed services of which most are stopped, a log of 10,000 lines.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import expect

from jupyter_deploy.workspace import Workspace
from tests.ui.lab import opened
from tests.ui.panels import PanelPage

from .panel import MODEL, SCRIPT, chromium, laboratory
from .section import machine, mark, write_section

MODELS, SERVICES, RUNNING, LINES = 500, 100, 10, 10_000
PAINT_MS, FRAME_MS = 100.0, 50.0
# The pauses between two frames; each is 16.7 ms where the page has nothing to do.
_WATCH = """() => {
  const found = { frames: [], over: false };
  window.watched = found;
  let last = performance.now();
  const frame = (now) => {
    found.frames.push(now - last);
    last = now;
    if (!found.over) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
_FRAMES = "() => { window.watched.over = true; return window.watched.frames; }"
# From the end of the answer with the change, the last one before the page shows it, to the frame behind the one that
# shows it. The browser lists an answer a little later than it hands it out.
_PAINTED = """([selector, wanted]) => {
  performance.clearResourceTimings();
  window.painted = new Promise((done) => {
    const found = () => [...document.querySelectorAll(selector)].some((one) => one.textContent.includes(wanted));
    const observer = new MutationObserver(() => {
      if (!found()) return;
      observer.disconnect();
      const shown = performance.now();
      requestAnimationFrame(() => requestAnimationFrame((now) => setTimeout(() => {
        const answers = performance.getEntriesByType("resource").filter((one) => one.responseEnd <= shown &&
          (one.name.includes("api/models/changed") || one.name.includes("api/overview")));
        done(now - answers.at(-1).responseEnd);
      }, 50)));
    });
    observer.observe(document.querySelector("#jp-model-deploy"), {
      subtree: true, childList: true, characterData: true, attributes: true });
  });
}"""


def fill(workspace: Workspace) -> None:
    """Register the models, and deploy the services; all but some are stopped again."""
    for number in range(MODELS - 1):
        workspace.register(f"model-{number:03}", {"number": number}, tags={"stage": "trial"})
    workspace.register("changed", {"a": 1})
    workspace.score_script("many", SCRIPT)

    def deploy(number: int) -> None:
        service = workspace.deploy(f"service-{number:03}", script="many", target="process")
        if number >= RUNNING:
            service.stop()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(deploy, range(SERVICES)))


class Frames:
    """The frames of a page while something is done in it."""

    def __init__(self, panel: PanelPage) -> None:
        self._panel = panel
        self.rows: list[str] = []

    def measure(self, what: str, act: Callable[[], object], *, judged: bool = True) -> None:
        """Do it, and note the longest frame."""
        self._panel.page.evaluate(_WATCH)
        act()
        frames = sorted(self._panel.page.evaluate(_FRAMES)[1:])
        longest, usual = round(frames[-1]), statistics.median(frames)
        late = frames[int(len(frames) * 0.99)]
        wanted = f"≤ {FRAME_MS:g} ms | {mark(longest <= FRAME_MS)}" if judged else " | "
        self.rows.append(f"| {what} | {len(frames):,} | {usual:.0f} ms | {late:.0f} ms | {longest} ms | {wanted} |")
        print(self.rows[-1], flush=True)


def scroll(panel: PanelPage) -> None:
    """Through all rows and back."""
    box = panel.box.bounding_box()
    assert box
    panel.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    _wheel(panel, 400)


def search(panel: PanelPage) -> None:
    """Type three searches."""
    field = panel.box.get_by_label("Search services, endpoints and models")
    for words in ("model-499", "service-0", "stage:trial"):
        field.fill("")
        field.press_sequentially(words, delay=40)
        panel.page.wait_for_timeout(200)
    field.fill("")


def read_log(panel: PanelPage) -> None:
    """Scroll and search in a log."""
    view = panel.document("Log: service-000")
    view.get_by_role("log").hover()
    _wheel(panel, -2000)
    view.get_by_label("Search the log").press_sequentially("number 1234", delay=40)
    expect(view.locator(".jp-ModelDeploy-logline")).to_have_count(1)
    view.get_by_label("Search the log").fill("")


def _wheel(panel: PanelPage, step: int) -> None:
    for turn in range(100):
        panel.page.mouse.wheel(0, step if turn < 50 else -step)
        panel.page.wait_for_timeout(20)


def measure(changes: int) -> list[str]:
    """Fill a workspace, and do all there is to do in its panel."""
    code = "from jupyter_deploy import Workspace\nw = Workspace()"
    with laboratory() as (lab, workspace), chromium() as browser:
        fill(workspace)
        with opened(lab, browser, code) as notebook:
            panel = PanelPage(notebook).open()
            expect(panel.box.get_by_role("heading", name="Services")).to_contain_text(str(SERVICES))
            frames, took = Frames(panel), list[float]()

            def change() -> None:
                for number in range(changes):
                    panel.page.evaluate(_PAINTED, [MODEL, f"turn-{number}."])
                    notebook.execute(f"w.models.tag('changed:1', {{'by': 'turn-{number}.'}})")
                    took.append(panel.page.evaluate("() => window.painted"))

            frames.measure("nothing, for 5 s", lambda: panel.page.wait_for_timeout(5000), judged=False)
            frames.measure("scrolling through all rows and back", lambda: scroll(panel))
            frames.measure("typing three searches", lambda: search(panel))
            panel.search("changed")
            panel.unfold("changed", "model")
            frames.measure(f"{changes} changes of a model by a cell", change)
            panel.search("service-000")
            panel.press("service-000", "Log")
            view = panel.document("Log: service-000")
            # All of them are on the page: it is open while they are written.
            with workspace.services["service-000"].log_file.open("a") as log:
                log.writelines(f"line number {number} of many that a service has written\n" for number in range(LINES))
            expect(view.get_by_role("log")).to_contain_text(f"line number {LINES - 1}")
            frames.measure(f"a log of {LINES:,} lines: scrolling, searching", lambda: read_log(panel))
    middle, worst = statistics.median(took), max(took)
    return [
        f"{MODELS} models, {SERVICES} services ({RUNNING} of them running), a log of {LINES:,} lines.",
        "",
        "| meanwhile | frames | median | p99 | longest | wanted | met |",
        "|---|---|---|---|---|---|---|",
        *frames.rows,
        "",
        f"From the answer with a change until it is painted, {len(took)} times: median {middle:.0f} ms, at most "
        f"{worst:.0f} ms (wanted: ≤ {PAINT_MS:g} ms) {mark(worst <= PAINT_MS)}",
    ]


def main() -> None:
    """Measure and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=50)
    given = parser.parse_args()
    lines = measure(given.changes)
    about = f"`python -m tests.benchmarks.panel_frames`. {machine()}"
    write_section("panel frames", ["## The side panel over many rows", "", about, "", *lines])
    print("\n".join(lines))


if __name__ == "__main__":
    main()
