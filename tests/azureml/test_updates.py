"""What ``update`` and a deployment with ``overwrite`` change, and what they leave."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import pytest

from jupyter_deploy.sdk.v1 import (
    AciWebservice,
    AksWebservice,
    Environment,
    Model,
    UserErrorException,
    Webservice,
    WebserviceException,
    Workspace,
)
from jupyter_deploy.workspace import Workspace as LocalWorkspace
from tests.e2e.conftest import until
from tests.load import Load
from tests.workspace.test_tls import pair

from .services import inference

ECHO = "def run(data):\n    return data\n"


def settings(service: Webservice) -> Mapping[str, object]:
    return service._record.spec.settings


def test_an_update_changes_what_it_gives_and_no_more(ws: Workspace, folder: Path) -> None:
    config = inference(folder, ECHO)
    given = AksWebservice.deploy_configuration(
        num_replicas=2, autoscale_enabled=False, tags={"a": "1"}, enable_app_insights=True, collect_model_data=True
    )
    service = Model.deploy(ws, "changing", [], config, given)
    service.wait_for_deployment()
    service.update(num_replicas=1, tags={"b": "2"}, enable_app_insights=False)
    # Tags are replaced, as in the cloud; the inputs are still collected.
    assert (service.num_replicas, service._record.spec.workers, service.tags) == (1, 1, {"b": "2"})
    assert settings(service) == {"collect": "requests", "scoring_timeout_ms": 60_000}
    service.update(autoscale_enabled=True, autoscale_max_replicas=4, replica_max_concurrent_requests=3)
    with pytest.raises(WebserviceException, match="autoscale_min_replicas is above"):
        service.update(autoscale_min_replicas=5)
    service.update(autoscale_min_replicas=2)
    assert settings(service) == {"collect": "requests", "queue_limit": 12, "scoring_timeout_ms": 60_000}
    # What is in force is told; what was not asked for is not.
    assert (service.scoring_timeout_ms, service.max_request_wait_time, service.liveness_probe) == (60_000, None, None)
    service.update(token_auth_enabled=True)
    with pytest.raises(WebserviceException, match="needs something in their place"):
        service.update(token_auth_enabled=False)
    with pytest.raises(TypeError, match="Use cpu_cores="):
        service.update(cpu=2)
    again = AksWebservice.deploy_configuration(tags={"c": "3"}, scoring_timeout_ms=70_000)
    Model.deploy(ws, "changing", [], config, again, overwrite=True).wait_for_deployment()
    assert (service.tags, dict(settings(service))) == ({"c": "3"}, {"scoring_timeout_ms": 70_000})


def installed(folder: Path, name: str, source: str) -> Path:
    """A package with the metadata of an installed one."""
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(source)
    (folder / f"{name}-1.2.dist-info").mkdir()
    (folder / f"{name}-1.2.dist-info" / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    return folder / name


def test_an_update_under_load_loses_no_request(
    ws: Workspace, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A real extension module that needs a library which no system has, and one compiled for another NumPy.
    psutil = Path(importlib.util.find_spec("psutil._psutil_linux").origin)  # type: ignore[arg-type, union-attr]
    unlinked = installed(tmp_path / "site", "unlinked", "from . import _psutil_linux\n") / psutil.name
    unlinked.write_bytes(psutil.read_bytes().replace(b"libc.so.6\0", b"libq.so.6\0"))
    changed = "numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header, got 88"
    installed(tmp_path / "site", "outdated", f"raise ValueError('{changed} from PyObject')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    environment = Environment("of-updates")
    environment.python.user_managed_dependencies = True
    config = inference(
        folder, "import os\n\n\ndef run(data):\n    return os.environ.get('STEP')\n", environment=environment
    )
    service = Model.deploy(ws, "steady", [], config, AksWebservice.deploy_configuration(auth_enabled=False))
    service.wait_for_deployment()
    with Load(service.scoring_uri, pauses=(0.3,)) as load:
        for step in ("1", "2"):
            environment.environment_variables = {"STEP": step}
            service.update(inference_config=config)
            service.wait_for_deployment()
        for package, words in (
            ("unlinked", "The system has no libq.so.6, which unlinked 1.2 needs: install the system's package"),
            ("outdated", "outdated 1.2 was compiled for another version of NumPy than"),
        ):
            (folder / "score.py").write_text(f"import {package}\n\n\ndef run(data):\n    return 'broken'\n")
            with pytest.raises(WebserviceException) as caught:
                service.update(inference_config=config)
            assert words in str(caught.value)
            assert service.run('"x"') == "2"
        # Another script, and other numbers of everything that can change.
        (folder / "score.py").write_text("def run(data):\n    return 'edited'\n")
        service.update(inference_config=config, num_replicas=2, autoscale_enabled=False, scoring_timeout_ms=70_000)
        service.wait_for_deployment()
        until(lambda: load.answers[-1] == b'"edited"')
    assert b'"2"' in load.answers


def test_tls_is_changed_by_an_update_alone(ws: Workspace, folder: Path, tmp_path: Path) -> None:
    service = Model.deploy(ws, "secured", [], inference(folder, ECHO), AciWebservice.deploy_configuration())
    service.wait_for_deployment()
    certificate, key = map(str, pair(tmp_path))
    service.update(ssl_enabled=True, ssl_cert_pem_file=certificate, ssl_key_pem_file=key, ssl_cname="localhost")
    assert (service.scoring_uri.partition(":")[0], service.run('"x"')) == ("https", '"x"')
    # Files alone renew it; the key may be given without the certificate, and either from another folder.
    with pytest.raises(UserErrorException, match=r"is not the key of the certificate(.|\n)*ssl_key_pem_file="):
        service.update(ssl_cert_pem_file=str(pair(tmp_path, "new.example")[0]))
    new, new_key = pair(tmp_path, "new.example")
    service.update(ssl_cert_pem_file=str(new), ssl_key_pem_file=str(new_key))
    local = LocalWorkspace().services["secured"]
    assert (Path(local.certificate or "").read_bytes(), service.run('"x"')) == (new.read_bytes(), '"x"')
    # A file that was renewed in its place is taken by its content, and other changes keep it.
    (tmp_path / "elsewhere").mkdir()
    again, again_key = pair(tmp_path / "elsewhere", "new.example")
    again.replace(new)
    again_key.replace(new_key)
    service.update(ssl_cname="new.example")
    service.update(tags={"a": "b"}, description="renewed")
    assert (Path(local.certificate or "").read_bytes(), service.run('"x"')) == (new.read_bytes(), '"x"')
    service.update(ssl_enabled=False)
    assert (service.scoring_uri.partition(":")[0], service.run('"x"')) == ("http", '"x"')
    with pytest.raises(WebserviceException, match="a certificate needs ssl_enabled=True"):
        AciWebservice.deploy_configuration(ssl_cert_pem_file=certificate, ssl_key_pem_file=key)


def test_row_2_43_a_service_whose_workers_keep_dying_is_unhealthy(ws: Workspace, folder: Path) -> None:
    config = inference(folder, "import os\n\n\ndef run(data):\n    return os._exit(3) if data == 'die' else data\n")
    service = Model.deploy(ws, "dying", [], config, AksWebservice.deploy_configuration(auth_enabled=False))
    service.wait_for_deployment()
    LocalWorkspace().deploy("dying", settings={"max_restarts": 1})
    while "keep dying" not in str(service.error):
        with pytest.raises(WebserviceException):
            service.run("die")
    assert (service.state, service.error["code"]) == ("Unhealthy", "Unhealthy")
    with pytest.raises(WebserviceException, match=r"current service state: Unhealthy(.|\n)*keep dying"):
        service.wait_for_deployment()
    service.update(inference_config=inference(folder, ECHO))
    assert (service.state, service.run("die")) == ("Healthy", "die")


@pytest.mark.parametrize("kind", [AciWebservice, AksWebservice])
def test_an_image_of_the_older_sdk_is_answered_with_what_takes_its_place(
    ws: Workspace, folder: Path, kind: type[Webservice]
) -> None:
    service = Model.deploy(ws, "web", [], inference(folder, ECHO), kind.deploy_configuration())  # type: ignore[attr-defined]
    service.wait_for_deployment()
    with pytest.raises(WebserviceException, match=r"models=\[model\], inference_config=config") as caught:
        service.update(image=object())
    assert "Environment.from_docker_image('mine', 'IMAGE')" in caught.value.message
    assert service.run('"x"') == '"x"'


def test_a_class_of_services_that_is_not_there_is_named(ws: Workspace) -> None:
    with pytest.raises(WebserviceException, match="One of: 'ACI', 'AKS', 'AKSENDPOINT', 'Local'"):
        Webservice.list(ws, compute_type="FPGA")
