"""The tables of a workspace's database."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

meta = sa.Table("meta", metadata, sa.Column("key", sa.String, primary_key=True), sa.Column("value", sa.String))

model_names = sa.Table(
    "model_names",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("last_version", sa.Integer, nullable=False),
)

models = sa.Table(
    "models",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("digest", sa.String, nullable=False, index=True),
    sa.Column("entry", sa.String, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("framework", sa.String, nullable=False),
    sa.Column("framework_version", sa.String, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("properties", sa.JSON, nullable=False),
    sa.Column("description", sa.String, nullable=False),
    sa.Column("run_id", sa.String, nullable=False),
    sa.Column("requirements", sa.JSON, nullable=False),
    sa.Column("modules", sa.JSON, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    # Where it comes from and what it needs to run, as the registry writes it.
    sa.Column("more", sa.JSON),
    sa.Index("newest_models", sa.desc("created"), sa.desc("version")),
)

scripts = sa.Table(
    "scripts",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("folder", sa.String, nullable=False),
    sa.Column("updated", sa.Float, nullable=False),
    sa.Column("origins", sa.JSON),
    sa.Column("models", sa.JSON),
    sa.Column("taken", sa.JSON),
)

services = sa.Table(
    "services",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("spec", sa.JSON, nullable=False),
    sa.Column("bundle", sa.String, nullable=False),
    sa.Column("models", sa.JSON, nullable=False),
    sa.Column("handle", sa.JSON, nullable=False),
    sa.Column("desired", sa.String, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("updated", sa.Float, nullable=False),
    # Fields of the spec that packages of schema 3 do not know: in ``spec`` they would stumble over them.
    sa.Column("more", sa.JSON),
)

environments = sa.Table(
    "environments",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)

# A run of an experiment: its files are in a folder of the home, its metrics in a table of their own.
runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("experiment", sa.String, nullable=False, index=True),
    sa.Column("parent", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("error", sa.String, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("properties", sa.JSON, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("ended", sa.Float),
)

metrics = sa.Table(
    "metrics",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run_id", sa.String, nullable=False, index=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("step", sa.Integer),
    sa.Column("created", sa.Float, nullable=False),
)

# The files of a version are in a folder of the home; ``reading`` tells how rows are made of them.
datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("reading", sa.JSON, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("description", sa.String, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)

compute_targets = sa.Table(
    "compute_targets",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)

# What notebooks call the one workspace that there is.
workspace_labels = sa.Table(
    "workspace_labels",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("subscription", sa.String, nullable=False),
    sa.Column("resource_group", sa.String, nullable=False),
    sa.Column("location", sa.String, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)

profiles = sa.Table(
    "profiles",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)

# What a tool keeps about a version of an asset; version 0 is the name itself.
asset_notes = sa.Table(
    "asset_notes",
    metadata,
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("content", sa.JSON, nullable=False),
)

# What an endpoint and its deployments are, as the domain writes it.
endpoints = sa.Table(
    "endpoints",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)

deployments = sa.Table(
    "deployments",
    metadata,
    sa.Column("endpoint", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)

# One row a rollout: its content is the supervisor's, ``asked`` belongs to those who ask something of it.
rollouts = sa.Table(
    "rollouts",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("endpoint", sa.String, nullable=False, index=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("asked", sa.String, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    # A number is never used again, so a rollout cannot be taken for another one.
    sqlite_autoincrement=True,
)
