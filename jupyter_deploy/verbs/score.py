"""``score``: send each row of a table to a service, and write the rows with their predictions."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from ..errors import UsageProblem
from ..scoring import ENGINES, FORMS, Scored
from ..workspace import Workspace
from .invoke import called
from .verb import Session, Verb, argument, evaluate, existing_path, pairs

_DATA = "a .csv, .tsv, .parquet or .jsonl file; in a notebook, also a data frame"
_OUT = "where the rows go: a .csv, .tsv, .parquet or .jsonl file; a data frame is scored in memory without it"
_WRITTEN = "A file, or a variable with a data frame; an expression with spaces goes into quotes."
_FILE = re.compile(r"\S+\.(csv|tsv|parquet|pq|jsonl|ndjson)")
_MANY = "rows a request; by default many where the service's schema is a table, else one"


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Scored:
    service = called(workspace, given)
    data = _data(given.data, session)
    if given.out is None and isinstance(data, Path):
        raise UsageProblem("score needs --out: where do the rows go?", hint="For example: --out scores.csv")
    return service.score(
        data,
        given.out,
        rows=given.rows,
        concurrency=given.concurrency,
        columns=given.columns,
        kinds={name: kind or "" for name, kind in pairs(given.kind, "--kind").items()},
        form=given.form,
        key=given.key,
        prediction=given.prediction,
        only=given.only,
        timeout=session.defaults.timeout if given.timeout is None else given.timeout,
        patience=given.patience,
        max_failures=given.max_failures,
        engine=given.engine,
        scheduler=given.scheduler,
        fresh=given.fresh,
        progress=session.say,
    )


def _data(text: str, session: Session) -> Any:
    path = existing_path(text, session)
    if path is not None or session.variables is None:
        return path or Path(text)
    if _FILE.fullmatch(text):
        # An attribute of a variable is hardly called like that: a file that is not there says so.
        return Path(text)
    return evaluate(text, session.variables, written=_WRITTEN)


VERB = Verb(
    "score",
    "send each row of a file to a service, and write the rows with their predictions",
    (
        argument("data", help=_DATA, completes="variables"),
        argument(
            "--service",
            metavar="NAME",
            required=True,
            help="the service that scores, or an endpoint",
            completes="called",
        ),
        argument("--deployment", metavar="D", help="of an endpoint: this one must answer", completes="deployments"),
        argument("--out", metavar="F", help=_OUT, completes="files"),
        argument("--rows", metavar="N", type=int, help=_MANY),
        argument("--concurrency", "-c", metavar="C", type=int, help="requests at once"),
        argument("--columns", metavar="A,B", help="the columns that are sent; by default those of the schema, or all"),
        argument(
            "--kind",
            metavar="COLUMN=KIND",
            action="append",
            help="read a column of a CSV file as text, integer, number, boolean or json; may be repeated",
        ),
        argument("--form", choices=FORMS, help="how rows are written for a service without a schema"),
        argument("--key", metavar="K", help="put the rows under this key of a JSON object, without a schema"),
        argument("--prediction", metavar="NAME", default="prediction", help="the new column's name"),
        argument("--only", action="store_true", help="write the predictions without the input's columns"),
        argument("--timeout", metavar="S", type=float, help="seconds to wait for an answer; 300 by default"),
        argument(
            "--patience", metavar="S", type=float, default=60.0, help="seconds that the service may be away or busy"
        ),
        argument("--max-failures", metavar="N", type=int, help="end when more rows fail; by default any number may"),
        argument("--engine", choices=ENGINES, default="threads", help="dask runs the script on a Dask cluster"),
        argument("--scheduler", metavar="ADDRESS", help="with --engine dask: the cluster's; by default this machine"),
        argument("--fresh", action="store_true", help="do not go on with what an interrupted run has left"),
    ),
    _run,
    long=True,
)
