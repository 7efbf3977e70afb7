"""Map modules to their distributions, by what is installed here, else by a table."""

from __future__ import annotations

import sys

from .files import KINDS, Found
from .pickling import distribution_version

# Distributions whose name differs from their module's.
_NAMES = {
    "sklearn": "scikit-learn",
    "cv2": "opencv-python",
    "PIL": "pillow",
    "yaml": "PyYAML",
    "bs4": "beautifulsoup4",
    "skimage": "scikit-image",
    "imblearn": "imbalanced-learn",
    "skopt": "scikit-optimize",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "jwt": "PyJWT",
    "fitz": "PyMuPDF",
    "docx": "python-docx",
    "pptx": "python-pptx",
    "Crypto": "pycryptodome",
    "OpenSSL": "pyOpenSSL",
    "sentence_transformers": "sentence-transformers",
    "umap": "umap-learn",
    "faiss": "faiss-cpu",
    "pgmpy": "pgmpy",
    "category_encoders": "category-encoders",
    "feature_engine": "feature-engine",
    "sksurv": "scikit-survival",
    "tflite_runtime": "tflite-runtime",
    "pytorch_lightning": "pytorch-lightning",
    "attr": "attrs",
    "serial": "pyserial",
    "usb": "pyusb",
    "magic": "python-magic",
    "Levenshtein": "Levenshtein",
    "MySQLdb": "mysqlclient",
    "psycopg2": "psycopg2-binary",
    "mpl_toolkits": "matplotlib",
    "google": "",
    "azure": "",
}
# Modules with the name of their distribution, which model files are known to mention.
_SAME = frozenset(
    """
    accelerate aiohttp autogluon boto3 catboost cloudpickle dask datasets dill fastapi fasttext flask gensim
    geopandas h5py hdbscan holidays httpx joblib keras langchain librosa lifelines lightgbm lz4 matplotlib mlflow
    mlxtend networkx nltk numba numpy onnx onnxruntime openai optuna pandas peft plotly polars prophet pyarrow
    pycaret pydantic pymongo pyspark rapidfuzz rdkit redis requests safetensors scipy seaborn shap shapely skl2onnx
    skops sktime soundfile spacy sqlalchemy statsmodels tabpfn tensorflow tiktoken timm tokenizers torch torchvision
    tqdm transformers tslearn ultralytics xgboost
    """.split()  # noqa: SIM905 - a list of eighty lines would say no more
)
# Distributions of dotted modules.
_DOTTED = {
    "azure.identity": "azure-identity",
    "azure.storage.blob": "azure-storage-blob",
    "azure.keyvault.secrets": "azure-keyvault-secrets",
    "azure.ai.ml": "azure-ai-ml",
    "google.protobuf": "protobuf",
    "google.cloud.storage": "google-cloud-storage",
    "google.cloud.bigquery": "google-cloud-bigquery",
}


__all__ = ["KINDS", "distribution_of", "requirements_of", "written_by"]


def distribution_of(module: str) -> str:
    """Return a module's distribution, for example ``"scikit-learn"`` for ``"sklearn.linear_model"``.

    Empty if unknown.
    """
    for dotted, name in _DOTTED.items():
        if module == dotted or module.startswith(f"{dotted}."):
            return name
    top = module.partition(".")[0]
    installed = distribution_version(top)[0]
    return installed or _NAMES.get(top, top if top in _SAME else "")


def requirements_of(found: Found) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a file's requirements, and its modules of unknown distributions.

    The version is the one that wrote the file, else the one that is installed here.
    """
    lines: dict[str, str] = {}
    unknown: list[str] = []
    foreign = False
    for top, version in sorted(found.written.items()):
        name, here = distribution_of(top), distribution_version(top)[1]
        if name and version.partition("+")[0]:
            lines[name] = f"{name}=={version.partition('+')[0]}"
            foreign = foreign or (here.partition("+")[0] != version.partition("+")[0])
    for module in sorted(found.modules, reverse=True):
        top = module.partition(".")[0]
        name, version = distribution_of(module), distribution_version(top)[1]
        if top in sys.stdlib_module_names:
            continue
        if not name:
            unknown.append(top)
        elif name not in lines:
            # Current versions would not fit a library of another time: the installer finds those that do.
            lines[name] = f"{name}=={version.partition('+')[0]}" if version and not foreign else name
    for bound in found.bounds if foreign else ():
        lines[bound.partition("<")[0].partition(">")[0]] = bound
    for line in found.lines:
        lines[line.partition("=")[0].partition("<")[0].partition(">")[0].partition("[")[0].strip("~! ")] = line
    known = {module.partition(".")[0] for module in found.modules if distribution_of(module)}
    return tuple(sorted(lines.values(), key=str.lower)), tuple(sorted({*unknown} - known))


def written_by(framework: str) -> str:
    """Return the distribution that a framework's version belongs to; empty for a framework without one."""
    module = next((module for module, kind in KINDS.items() if kind == framework), "")
    return distribution_of(module) if module else ""
