"""The magics. Each translates its line to a verb's words; verbs do the work."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from IPython.core.magic import (
    Magics,
    cell_magic,
    line_cell_magic,
    line_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
    output_can_be_silenced,
)

from ..errors import UsageProblem
from .expansion import expand

if TYPE_CHECKING:
    from ..verbs import Session, Verb

# What follows invoke's service: one of its options, or an expression with such options behind it.
_OPTION = re.compile(r"--(data|file|output|json|help)\b|-h\b")
_TRAILING = re.compile(r"(\s--json|\s--output(=|\s+)\S+)+\s*$")
_FIELD = re.compile(r"\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)")

LINE_MAGICS = ("register", "deploy", "invoke", "model")
CELL_MAGICS = ("score_script", "invoke", "model")


@magics_class
class ModelMagics(Magics):
    """Register models, serve them from a script cell, call and reload them."""

    @output_can_be_silenced
    @no_var_expand
    @needs_local_scope
    @cell_magic
    def score_script(self, line: str, cell: str, local_ns: dict[str, Any] | None = None) -> Any:
        """Take the cell as an entry script: check it, store it, reload the services that run it.

        %%score_script NAME

        The cell is plain Python with init(), called once, and run(data), called with each request's text.

        Parameters
        ----------
        line : str
            The name.
        cell : str
            The script.
        local_ns : dict, optional
            Local variables, where it runs in a function.

        Returns
        -------
        Script
            With the changes made to services.
        """
        from ..workspace import Workspace
        from .notebook import NotebookProgress

        words = self._words(line, local_ns)
        if len(words) != 1 or words[0].startswith("-"):
            raise UsageProblem(
                "%%score_script takes one name." if words else "%%score_script needs a name.",
                hint="For example: %%score_script churn",
            )
        assert self.shell is not None
        progress = NotebookProgress(self.shell, after=0.5)
        try:
            return Workspace().score_script(words[0], cell, live=self._variables(local_ns), progress=progress.say)
        finally:
            progress.close()

    @output_can_be_silenced
    @no_var_expand
    @needs_local_scope
    @line_magic
    def register(self, line: str, local_ns: dict[str, Any] | None = None) -> Any:
        """Register an object, file or folder as a model's next version: %register NAME OBJECT_OR_PATH.

        Parameters
        ----------
        line : str
            As for ``jupyter model register``.
        local_ns : dict, optional
            Local variables, where it runs in a function.

        Returns
        -------
        Model
            The new version.
        """
        return self._run("register", line, None, local_ns, "%register")

    @output_can_be_silenced
    @no_var_expand
    @needs_local_scope
    @line_magic
    def deploy(self, line: str, local_ns: dict[str, Any] | None = None) -> Any:
        """Create, update or repair a service: %deploy SERVICE [--model MODEL].

        Parameters
        ----------
        line : str
            As for ``jupyter model deploy``.
        local_ns : dict, optional
            Local variables, where it runs in a function.

        Returns
        -------
        Service
            Live.
        """
        return self._run("deploy", line, None, local_ns, "%deploy")

    @output_can_be_silenced
    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def invoke(self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None) -> Any:
        """Send a service a variable (%invoke SERVICE VARIABLE), or the JSON in the cell (%%invoke SERVICE).

        Parameters
        ----------
        line : str
            As for ``jupyter model invoke``.
        cell : str, optional
            The JSON.
        local_ns : dict, optional
            Local variables, where it runs in a function.

        Returns
        -------
        object
            The answer.
        """
        return self._run("invoke", line, cell, local_ns, "%%invoke" if cell is not None else "%invoke")

    @output_can_be_silenced
    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def model(self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None) -> Any:
        """Run any verb: %model VERB ...; %model --help lists them.

        Parameters
        ----------
        line : str
            A verb and its words, as for ``jupyter model``.
        cell : str, optional
            The JSON for ``%%model invoke``.
        local_ns : dict, optional
            Local variables, where it runs in a function.

        Returns
        -------
        object
            The verb's value.
        """
        verb, _, rest = line.strip().rstrip(";").partition(" ")
        if verb in {"", "-h", "--help", "help"}:
            from ..verbs.parser import overview

            print(overview("%model"))  # noqa: T201 - help is text
            return None
        return self._run(verb, rest, cell, local_ns, f"%model {verb}")

    def _run(self, name: str, line: str, cell: str | None, local_ns: dict[str, Any] | None, program: str) -> Any:
        from ..verbs import find
        from ..verbs.parser import HelpShown
        from ..verbs.running import run
        from .notebook import NotebookProgress, session

        verb = find(name)
        words = self._raw_tail(line, local_ns) if verb.raw_tail else self._words(line, local_ns)
        assert self.shell is not None
        progress = NotebookProgress(self.shell)
        try:
            return _shown(run(verb, words, self._session(session, progress, cell, local_ns), program))
        except HelpShown:
            return None
        finally:
            progress.close()

    def _session(self, make: Any, progress: Any, cell: str | None, local_ns: dict[str, Any] | None) -> Session:
        made: Session = make(self._variables(local_ns), cell, progress)
        return made

    def _variables(self, local_ns: dict[str, Any] | None) -> dict[str, Any]:
        assert self.shell is not None
        return {**self.shell.user_ns, **(local_ns or {})}

    def _words(self, line: str, local_ns: dict[str, Any] | None) -> list[str]:
        try:
            words = shlex.split(line.rstrip().rstrip(";"))
        except ValueError as error:
            raise UsageProblem(f"The line cannot be split into words: {error}.", hint="Close the quotes.") from error
        variables = self._variables(local_ns)
        return [expand(word, variables) for word in words]

    def _raw_tail(self, line: str, local_ns: dict[str, Any] | None) -> list[str]:
        """Keep a Python expression behind the first word as it is written: its quotes, braces and minus signs."""
        first, _, rest = line.strip().partition(" ")
        rest = rest.strip().rstrip(";").strip()
        if not rest or _OPTION.match(rest):
            return self._words(line, local_ns)
        trailing = _TRAILING.search(rest)
        if trailing:
            rest, options = rest[: trailing.start()].strip(), self._words(trailing[0], local_ns)
        else:
            options = []
        whole = _FIELD.fullmatch(rest)
        return [*options, *self._words(first, local_ns), "--", whole[1] or whole[2] if whole else rest]


def _shown(value: Any) -> Any:
    """Turn what a verb returned into what a notebook shows: views become widgets."""
    from ..verbs.view import View

    if not isinstance(value, View):
        return value
    from ..widgets import live

    return live(value)


def verb_of(words: str) -> tuple[Verb | None, str]:
    """Find the verb that a magic's line is for.

    Parameters
    ----------
    words : str
        The line from the magic's name on, without ``%``.

    Returns
    -------
    tuple of (Verb or None, str)
        The verb and what stands behind it; None while the verb is not yet complete.
    """
    from ..verbs import NAMES, find

    name, _, rest = words.partition(" ")
    if name == "model":
        name, _, rest = rest.lstrip().partition(" ")
    return (find(name), rest) if name in NAMES else (None, rest)
