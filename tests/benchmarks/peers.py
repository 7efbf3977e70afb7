"""The servers that are measured. To add one: a line in :data:`PEERS`."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

SKLEARN = "scikit-learn"
ROOT = Path(__file__).parents[2]
MODEL = """import json
import joblib, numpy as np
model = joblib.load("model.joblib")
def predict(text):
    return model.predict(np.array(json.loads(text)["data"])).tolist()
"""
SCRIPT = "def init():\n    global predict\n    from model import predict\n\ndef run(data):\n    return predict(data)\n"
BATCH = """import json
import joblib, numpy as np

def init():
    global model
    model = joblib.load("model.joblib")

def run_batch(texts):
    rows = [np.array(json.loads(text)["data"]) for text in texts]
    found, results, at = model.predict(np.concatenate(rows)).tolist(), [], 0
    for part in rows:
        results.append(found[at : at + len(part)])
        at += len(part)
    return results
"""
SCHEMA = """import joblib, numpy as np
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.schema_decorators import input_schema

def init():
    global model
    model = joblib.load("model.joblib")

@input_schema("data", NumpyParameterType(np.zeros((1, 10))))
def run(data):
    return model.predict(data).tolist()
"""
RAW = """from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse

def init():
    pass

@rawhttp
def run(request):
    return AMLResponse(request.get_data(), 200)
"""
STREAM = """from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse

PART = bytes(1 << 16)

def init():
    pass

@rawhttp
def run(request):
    return AMLResponse((PART for _ in range(16)), 200)
"""
SPIN = """import time

def init():
    pass

def run(data):
    end = time.perf_counter() + 0.02
    while time.perf_counter() < end:
        pass
    return 1
"""
ASGI = """import orjson
from model import predict
async def app(scope, receive, send):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    out = orjson.dumps(predict(body))
    head = [(b"content-length", b"%d" % len(out)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": out})
"""
RSGI = """import orjson
from model import predict
async def app(scope, protocol):
    body = await protocol()
    protocol.response_bytes(200, [("content-type", "application/json")], orjson.dumps(predict(body)))
"""
FASTAPI = """from fastapi import FastAPI
import numpy as np
from model import model
app = FastAPI()
@app.post("/score")
def score(data: dict):
    return model.predict(np.array(data["data"])).tolist()
"""
LITSERVE = """import sys
import litserve, numpy as np
class Api(litserve.LitAPI):
    def setup(self, device):
        from model import model
        self.model = model
    def decode_request(self, request):
        return np.array(request["data"])
    def predict(self, x):
        return self.model.predict(x)
    def encode_response(self, output):
        return output.tolist()
if __name__ == "__main__":
    server = litserve.LitServer(Api(), accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), log_level="error", generate_client_file=False)
"""
BENTOML = """import bentoml, numpy as np
@bentoml.service(workers=1, traffic={"timeout": 60})
class Scorer:
    def __init__(self):
        from model import model
        self.model = model
    @bentoml.api
    def score(self, data: list) -> list:
        return self.model.predict(np.array(data)).tolist()
"""
MOSEC = """import joblib, numpy as np
from mosec import Server, Worker
class Alone(Worker):
    def __init__(self):
        super().__init__()
        self.model = joblib.load("model.joblib")
    def forward(self, data):
        return self.model.predict(np.array(data["data"])).tolist()
class Together(Alone):
    def forward(self, data):
        rows = [np.array(one["data"]) for one in data]
        found, results, at = self.model.predict(np.concatenate(rows)).tolist(), [], 0
        for part in rows:
            results.append(found[at : at + len(part)])
            at += len(part)
        return results
if __name__ == "__main__":
    server = Server()
    server.append_worker({worker}, num=1, route="/score")
    server.run()
"""
MLSERVER = (
    '{"name": "churn", "implementation": "mlserver_sklearn.SKLearnModel", "parameters": {"uri": "./model.joblib"}}'
)
V2 = b'{"inputs":[{"name":"x","shape":[1,10],"datatype":"FP64","data":[0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1.0]}]}'
ROW = b'{"data": [[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]]}'


@dataclass(frozen=True)
class Peer:
    """A server: what its environment holds, its files, and its command ({bin}, {port}).

    Its environment lies in ``place`` (else under its name) and is whole when ``modules`` can be imported there.
    """

    name: str
    packages: tuple[str, ...]
    command: str
    files: dict[str, str] = field(default_factory=dict)
    route: str = "/score"
    body: bytes = ROW
    modules: tuple[str, ...] = ()
    place: str = ""

    def environment(self, folder: Path) -> Path:
        """Its virtual environment's programs; built on first use. Ours runs in this one."""
        if not self.packages:
            return Path(sys.executable).parent
        place = folder / (self.place or self.name)
        program = place / "bin" / "python"
        # An installation that was interrupted leaves an interpreter without its packages.
        probe = [str(program), "-c", f"import {', '.join(self.modules)}"]
        if not program.exists() or subprocess.run(probe, capture_output=True).returncode:
            print(f"building the environment of {place.name}", flush=True)
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
            subprocess.run([str(program), "-m", "pip", "install", "-q", *self.packages], check=True)
        return place / "bin"


def ours(name: str, script: str, options: str = "", body: bytes = ROW) -> Peer:
    """This package's server, with access log, request ids and metrics on."""
    command = "{bin}/python -m jupyter_deploy.serving --entry-script score.py --port {port} " + options
    return Peer(name, (), command, {"score.py": script}, body=body)


def alike(name: str, script: str, options: str = "", body: bytes = ROW) -> Peer:
    """As :func:`ours`, on the packages that the peers have: scikit-learn imports pandas and pyarrow where they are."""
    packages, modules = ("-e", str(ROOT), SKLEARN), ("jupyter_deploy", "sklearn")
    return replace(ours(name, script, options, body), packages=packages, modules=modules, place="ours")


def azml(name: str, script: str, options: str = "", body: bytes = ROW) -> Peer:
    """azureml-inference-server-http on the same script."""
    command = "{bin}/azmlinfsrv --entry_script score.py --port {port} " + options
    packages, modules = ("azureml-inference-server-http", SKLEARN), ("azureml_inference_server_http", "sklearn")
    return Peer(name, packages, command, {"score.py": script}, body=body, modules=modules, place="azml")


def mosec(name: str, worker: str = "Alone", options: str = "") -> Peer:
    """mosec with one worker (arguments of ``append_worker``), without its log."""
    command = "{bin}/python app.py --address 127.0.0.1 --port {port} --log-level error " + options
    files = {"app.py": MOSEC.replace("{worker}", worker)}
    return Peer(name, ("mosec==0.9.8", SKLEARN), command, files, modules=("mosec", "sklearn"), place="mosec")


PEERS = (
    ours("jupyter_deploy", SCRIPT),
    azml("azml", SCRIPT),
    Peer(
        "fastapi",
        ("fastapi", "uvicorn[standard]", SKLEARN),
        "{bin}/uvicorn app:app --port {port} --no-access-log",
        {"app.py": FASTAPI},
        modules=("fastapi", "uvicorn", "sklearn"),
    ),
    Peer(
        "asgi",
        ("uvicorn[standard]", "orjson", SKLEARN),
        "{bin}/uvicorn app:app --port {port} --no-access-log --http httptools --loop uvloop",
        {"app.py": ASGI},
        modules=("uvicorn", "httptools", "uvloop", "orjson", "sklearn"),
    ),
    Peer(
        "rsgi",
        ("granian", "uvloop", "orjson", SKLEARN),
        "{bin}/granian --interface rsgi app:app --port {port} --no-log --workers 1 --no-ws --http 1",
        {"app.py": RSGI},
        modules=("granian", "uvloop", "orjson", "sklearn"),
    ),
)
SLOW_PEERS = (
    Peer(
        "litserve",
        ("litserve", SKLEARN),
        "{bin}/python app.py {port}",
        {"app.py": LITSERVE},
        route="/predict",
        modules=("litserve", "sklearn"),
    ),
    Peer(
        "bentoml",
        ("bentoml", SKLEARN),
        "{bin}/bentoml serve app:Scorer --host 127.0.0.1 --port {port}",
        {"app.py": BENTOML},
        modules=("bentoml", "sklearn"),
    ),
    Peer(
        "mlserver",
        ("mlserver", "mlserver-sklearn"),
        "{bin}/mlserver start .",
        {"model-settings.json": MLSERVER},
        route="/v2/models/churn/infer",
        body=V2,
        modules=("mlserver", "mlserver_sklearn"),
    ),
)
