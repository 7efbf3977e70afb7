"""The distribution that a module is installed from."""

from __future__ import annotations

from ...frameworks import distribution_version

_NAMES = {
    "cv2": "opencv-python-headless",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "PIL": "Pillow",
    "yaml": "PyYAML",
    "bs4": "beautifulsoup4",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "jwt": "PyJWT",
    "Crypto": "pycryptodome",
    "serial": "pyserial",
    "fitz": "PyMuPDF",
    "docx": "python-docx",
    "pptx": "python-pptx",
    "magic": "python-magic",
    "MySQLdb": "mysqlclient",
    "psycopg2": "psycopg2-binary",
    "OpenSSL": "pyOpenSSL",
    "attr": "attrs",
    "umap": "umap-learn",
    "faiss": "faiss-cpu",
    "sentence_transformers": "sentence-transformers",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    "skops": "skops",
    "skl2onnx": "skl2onnx",
    "imblearn": "imbalanced-learn",
    "category_encoders": "category-encoders",
    "snowflake.connector": "snowflake-connector-python",
    "google.cloud.storage": "google-cloud-storage",
    "google.cloud.bigquery": "google-cloud-bigquery",
    "google.protobuf": "protobuf",
    "azure.identity": "azure-identity",
    "azure.storage.blob": "azure-storage-blob",
    "azure.keyvault.secrets": "azure-keyvault-secrets",
    "azure.keyvault.keys": "azure-keyvault-keys",
    "azure.core": "azure-core",
    "azure.cosmos": "azure-cosmos",
    "azure.eventhub": "azure-eventhub",
    "azure.servicebus": "azure-servicebus",
    "azure.ai.ml": "azure-ai-ml",
    "azure.ai.textanalytics": "azure-ai-textanalytics",
    "azure.monitor.opentelemetry": "azure-monitor-opentelemetry",
    "pytorch_lightning": "pytorch-lightning",
    "huggingface_hub": "huggingface-hub",
    "pkg_resources": "setuptools",
    "Levenshtein": "python-Levenshtein",
    "wx": "wxPython",
    "zmq": "pyzmq",
    "nacl": "PyNaCl",
    "git": "GitPython",
    "flask_cors": "Flask-Cors",
    "prometheus_client": "prometheus-client",
    "pyarrow": "pyarrow",
    "mlflow": "mlflow",
    "inference_schema": "jupyter-model-deploy[schema]",
}
# Distributions whose module has the same name.
_PLAIN = """
numpy pandas scipy joblib cloudpickle dill xgboost lightgbm catboost torch torchvision torchaudio tensorflow
keras transformers tokenizers datasets diffusers accelerate safetensors timm statsmodels prophet nltk spacy
gensim shap fastai jax flax polars dask requests httpx aiohttp sqlalchemy pymongo redis boto3 matplotlib
seaborn plotly numba librosa soundfile pydub easyocr pytesseract ultralytics networkx sympy cvxpy optuna h5py
tables openpyxl xlrd lxml orjson msgpack pydantic flask fastapi tqdm psutil toml regex unidecode textblob
langdetect tiktoken openai
"""


def distribution_of(module: str) -> str:
    """Find the distribution of a dotted module; empty if it is not known: a guess may be another project's name."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        known = _NAMES.get(".".join(parts[:length]))
        if known:
            return known
    if parts[0] in _PLAIN.split():
        return parts[0]
    return distribution_version(parts[0])[0]
