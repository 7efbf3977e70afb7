"""Azure ML's modules and inference-schema, for scripts that import them where the real ones are not installed.

A finder at the end of ``sys.meta_path`` is asked only for modules that nothing else provides: a real
``azureml.core``, or another package of the ``azure`` namespace, is never shadowed.
"""

from __future__ import annotations

import importlib
import sys
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ...doors import door
from .unavailable import unavailable

if TYPE_CHECKING:
    from . import parameter_types as parameter_types
    from .schema_decorators import SchemaFunction as SchemaFunction
    from .sink import SINK as SINK
else:
    __getattr__, __dir__ = door(
        __name__,
        {
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
_ALL = MODULES | SCHEMA_MODULES
# In these, any other capitalised name is a class that explains, when it is used, that services run without a cloud.
_OPEN = ("azureml.core", "azure.ai.ml", "azureml.exceptions")


class ShimFinder(Loader):
    """Finds and loads the modules of :data:`MODULES` and :data:`SCHEMA_MODULES`."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Find a module that no other finder has (the import system's hook)."""
        if name not in _ALL and f"{name}." not in _ALL:
            return None
        return ModuleSpec(name, self, origin="jupyter_deploy", is_package=f"{name}." in _ALL)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave making the module to Python (the import system's hook)."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Give a new module its attributes (the import system's hook)."""
        name = module.__name__
        sources = _ALL.get(name, _ALL.get(f"{name}.", {}))

        def attribute(wanted: str) -> Any:
            if wanted in sources:
                return getattr(importlib.import_module(sources[wanted]), wanted)
            if wanted[:1].isupper() and name.startswith(_OPEN):
                return unavailable(f"{name}.{wanted}")
            raise AttributeError(f"module {name!r} has no attribute {wanted!r}")

        module.__getattr__ = attribute  # type: ignore[method-assign]
        module.__all__ = sorted(sources)  # type: ignore[attr-defined]
        module.__doc__ = "Provided by jupyter_deploy, because the real module is not installed."


def install() -> None:
    """Offer the modules in this process; calling it again does nothing."""
    if not any(isinstance(finder, ShimFinder) for finder in sys.meta_path):
        sys.meta_path.append(ShimFinder())
