"""Azure ML's modules and inference-schema, for scripts that import them where the real ones are not installed.

A finder at the end of ``sys.meta_path`` is asked only for modules that nothing else provides: a real
``azureml.core``, or another package of the ``azure`` namespace, is never shadowed.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ...doors import door
from .unavailable import unavailable

if TYPE_CHECKING:
    from . import parameter_types as parameter_types
    from .finder import ModuleFinder as ModuleFinder
    from .model import Model as Model
    from .model import ModelNotFoundException as ModelNotFoundException
    from .model import WebserviceException as WebserviceException
    from .schema_decorators import SchemaFunction as SchemaFunction
    from .sink import SINK as SINK
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "finder": "ModuleFinder",
            "model": "Model ModelNotFoundException WebserviceException",
            "schema_decorators": "SchemaFunction",
            "sink": "SINK",
        },
    )


_RAW = "jupyter_deploy.serving.worker.rawhttp"
_MODEL = "jupyter_deploy.serving.shims.model"
_COLLECTOR = "jupyter_deploy.serving.shims.collector"
_DATA_COLLECTOR = "jupyter_deploy.serving.shims.data_collector"
_CONTEXTS = ("CorrelationContext", "BasicCorrelationContext", "get_context")
_SCHEMA = "jupyter_deploy.serving.shims.schema_decorators"
_TYPES = "jupyter_deploy.serving.shims.parameter_types"
_SCHEMA_UTIL = ("get_input_schema", "get_output_schema", "get_supported_versions", "is_schema_decorated")
_ABSTRACT = {"AbstractParameterType": _TYPES}

# Attributes of each module: {attribute: module that defines it}. Packages end in a dot.
MODULES: dict[str, dict[str, str]] = {
    "azureml.": {},
    "azureml.ai.": {},
    "azureml.ai.monitoring.": {"Collector": _COLLECTOR},
    "azureml.ai.monitoring.collector": {"Collector": _COLLECTOR},
    "azureml.ai.monitoring.context": dict.fromkeys(_CONTEXTS, _COLLECTOR),
    "azureml.monitoring": {"ModelDataCollector": _DATA_COLLECTOR},
    "azureml.contrib.": {},
    "azureml.contrib.services.": {},
    "azureml.contrib.services.aml_request": {"AMLRequest": _RAW, "rawhttp": _RAW},
    "azureml.contrib.services.aml_response": {"AMLResponse": _RAW},
    "azureml.core.": {"Model": _MODEL},
    "azureml.core.model": {"Model": _MODEL},
    "azureml.core.run": {},
    "azureml.core.workspace": {},
    "azureml.core.dataset": {},
    "azureml.core.datastore": {},
    "azureml.core.environment": {},
    "azureml.core.experiment": {},
    "azureml.core.authentication": {},
    "azureml.core.keyvault": {},
    "azureml.core.webservice": {},
    "azureml.core.conda_dependencies": {},
    "azureml.exceptions": {"ModelNotFoundException": _MODEL, "WebserviceException": _MODEL},
    "azureml_inference_server_http.": {},
    "azureml_inference_server_http.api.": {},
    "azureml_inference_server_http.api.aml_request": {"AMLRequest": _RAW, "rawhttp": _RAW},
    "azureml_inference_server_http.api.aml_response": {"AMLResponse": _RAW},
    "azure.": {},
    "azure.ai.": {},
    "azure.ai.ml.": {},
    "azure.ai.ml.entities": {},
}
# One package: the shims replace all of a real one or none of it.
SCHEMA_MODULES: dict[str, dict[str, str]] = {
    "inference_schema.": {},
    "inference_schema.schema_decorators": {"input_schema": _SCHEMA, "output_schema": _SCHEMA},
    "inference_schema.schema_util": dict.fromkeys(_SCHEMA_UTIL, _SCHEMA),
    "inference_schema.parameter_types.": {},
    "inference_schema.parameter_types.abstract_parameter_type": _ABSTRACT,
    "inference_schema.parameter_types.numpy_parameter_type": {"NumpyParameterType": _TYPES, **_ABSTRACT},
    "inference_schema.parameter_types.pandas_parameter_type": {"PandasParameterType": _TYPES, **_ABSTRACT},
    "inference_schema.parameter_types.standard_py_parameter_type": {"StandardPythonParameterType": _TYPES, **_ABSTRACT},
    "inference_schema.parameter_types.spark_parameter_type": {"SparkParameterType": _TYPES, **_ABSTRACT},
}
# In these, any other capitalised name is a class that explains, when it is used, that services run without a cloud.
_OPEN = ("azureml.core", "azure.ai.ml", "azureml.exceptions")


def _missing(module: str, name: str) -> object:
    if name[:1].isupper() and module.startswith(_OPEN):
        return unavailable(f"{module}.{name}")
    raise AttributeError(f"module {module!r} has no attribute {name!r}")


def install() -> None:
    """Offer the modules in this process; once is enough."""
    from .finder import ModuleFinder

    if not any(isinstance(finder, ModuleFinder) for finder in sys.meta_path):
        sys.meta_path.append(ModuleFinder(MODULES | SCHEMA_MODULES, _missing))
