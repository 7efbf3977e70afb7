"""The magics. Each translates its line to a verb's words; verbs do the work."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from IPython.core.magic import (
    cell_magic,
    line_cell_magic,
    line_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
    output_can_be_silenced,
)

from ..errors import UsageProblem
from .defaults import ConfiguredMagics
from .expansion import expand

if TYPE_CHECKING:
    from ..verbs import Verb
    from ..workspace import Living

LINE_MAGICS = ("register", "deploy", "invoke", "model")
CELL_MAGICS = ("score_script", "invoke", "model")


# The verbs that Azure's command line has as well.
_AZ = (
    *("register", "download", "deploy", "package", "profile", "list", "show", "delete"),
    *("endpoint", "deployment"),
)


@magics_class
class ModelMagics(ConfiguredMagics):
    """Register models, serve them from a script cell, call and reload them."""

    @output_can_be_silenced
    @no_var_expand
    @needs_local_scope
    @cell_magic
    def score_script(self, line: str, cell: str, local_ns: dict[str, Any] | None = None) -> Any:
        """Take the cell as an entry script: check it, take what it uses, store it, reload the services that run it.

        %%score_script NAME [--sample EXPRESSION] [--try [VALUE]] [--dry-run]

        The cell is plain Python with run(data), called for each request, and perhaps init(), called once. It may use
        the notebook's variables (saved as models), functions, classes, constants and modules.
        """
        from .progress import NotebookProgress
        from .scripting import write

        assert self.shell is not None
        with NotebookProgress(self.shell, shown=self.progress) as progress:
            return write(self.shell, self._words(line, local_ns), cell, local_ns, progress.say)

    @output_can_be_silenced
    @no_var_expand
    @needs_local_scope
    @line_magic
    def register(self, line: str, local_ns: dict[str, Any] | None = None) -> Any:
        """Register an object, file or folder as a model's next version: %register NAME OBJECT_OR_PATH."""
        return self._run("register", line, None, local_ns, "%register")

    @output_can_be_silenced
    @no_var_expand
    @needs_local_scope
    @line_magic
    def deploy(self, line: str, local_ns: dict[str, Any] | None = None) -> Any:
        """Create, update or repair a service: %deploy SERVICE [--model MODEL]."""
        return self._run("deploy", line, None, local_ns, "%deploy")

    @output_can_be_silenced
    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def invoke(self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None) -> Any:
        """Send a service a variable (%invoke SERVICE VARIABLE), or the JSON in the cell (%%invoke SERVICE).

        Options stand before or behind the variable: %invoke churn X_test[:5] -n 100 -c 8. A semicolon at the end
        hides the answer.
        """
        return self._run("invoke", line, cell, local_ns, "%%invoke" if cell is not None else "%invoke")

    @output_can_be_silenced
    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def model(self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None) -> Any:
        """Run any verb: %model VERB ...; %model alone shows the workspace, %model --help lists the verbs."""
        verb, _, rest = line.strip().rstrip(";").partition(" ")
        if not verb:
            return self._run("overview", "", cell, local_ns, "%model")
        if verb in {"-h", "--help", "help"}:
            from ..verbs import list_of_verbs

            print(list_of_verbs("%model"))  # noqa: T201 - help is text
            return None
        return self._run(verb, rest, cell, local_ns, f"%model {verb}")

    def _run(self, name: str, line: str, cell: str | None, local_ns: dict[str, Any] | None, program: str) -> Any:
        from ..verbs import HelpShown, find, run
        from .history import living_of
        from .notebook import session
        from .progress import NotebookProgress, verdict

        verb = self._az(name, line, local_ns) or find(name, line)
        words = self._raw_tail(verb, line, local_ns) if verb.raw_tail else self._words(line, local_ns)
        assert self.shell is not None
        quiet = line.rstrip().endswith(";")
        with NotebookProgress(self.shell, shown=self.progress) as progress:
            live = hasattr(self.shell, "kernel")
            living = living_of(self.shell)
            variables = self._variables(local_ns)
            asked = session(variables, cell, progress, self.defaults(), living=living, quiet=quiet, live=live)
            try:
                value = run(verb, words, asked, program)
            except HelpShown:
                return None
            progress.close(verdict(value))
        return _shown(value, living)

    def _az(self, name: str, line: str, local_ns: dict[str, Any] | None) -> Verb | None:
        """Find the command of ``az ml model`` that the line is, if it is one."""
        if name not in _AZ or " -" not in f" {line}":
            return None
        from ..sdk import az_verb

        found: Verb | None = az_verb(name, self._words(line, local_ns))
        return found

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

    def _raw_tail(self, verb: Verb, line: str, local_ns: dict[str, Any] | None) -> list[str]:
        """Keep a Python expression behind the first word as it is written: its quotes, braces and minus signs."""
        from .words import split

        first, _, rest = line.strip().partition(" ")
        rest = rest.strip().rstrip(";").strip()
        options, expression = split(rest, verb, self._variables(local_ns))
        words = self._words(f"{first} {options}", local_ns)
        return [*words, "--", expression] if expression else words


def _shown(value: Any, living: Living) -> Any:
    """Turn a verb's value into what a notebook shows: views become widgets."""
    from ..verbs import View

    if not isinstance(value, View):
        return value
    from ..widgets import live

    return live(value, lambda: living)
