"""``azure.ai.ml.constants``."""

from __future__ import annotations

from enum import Enum


class AssetTypes:
    """Kinds of models and data."""

    URI_FILE = "uri_file"
    URI_FOLDER = "uri_folder"
    MLTABLE = "mltable"
    MLFLOW_MODEL = "mlflow_model"
    TRITON_MODEL = "triton_model"
    CUSTOM_MODEL = "custom_model"


class ModelType:
    """Kinds of models, in the cloud's own spelling."""

    CUSTOM = "CustomModel"
    MLFLOW = "MLFlowModel"
    TRITON = "TritonModel"


class InputOutputModes:
    """How a job sees its data; nothing here depends on it."""

    MOUNT = "mount"
    DOWNLOAD = "download"
    UPLOAD = "upload"
    RO_MOUNT = "ro_mount"
    RW_MOUNT = "rw_mount"
    EVAL_MOUNT = "eval_mount"
    EVAL_DOWNLOAD = "eval_download"
    DIRECT = "direct"


class BatchDeploymentOutputAction:
    """What a batch deployment writes."""

    APPEND_ROW = "append_row"
    SUMMARY_ONLY = "summary_only"


class ListViewType(Enum):
    """What lists show."""

    ACTIVE_ONLY = "ActiveOnly"
    ARCHIVED_ONLY = "ArchivedOnly"
    ALL = "All"
