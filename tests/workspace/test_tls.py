"""Services over HTTPS: with a certificate of their own or of the user's, and with nothing else."""

from __future__ import annotations

import http.client
import os
import shlex
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.services import Certificate
from jupyter_deploy.workspace import Service, Workspace
from tests.e2e.conftest import until
from tests.load import Load
from tests.servers import process_of

SCRIPT = """
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Standard

@input_schema("x", Standard("a"))
def run(x):
    return x
"""


def deployed(workspace: Workspace, folder: Path, **options: object) -> Service:
    (folder / "score.py").write_text(SCRIPT)
    return workspace.deploy("echo", script=folder / "score.py", **options)  # type: ignore[arg-type]


def pair(folder: Path, host: str = "model.example", days: int = 90, names: bool = True) -> tuple[Path, Path]:
    """A certificate's file and its key's, as an authority's client writes them."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    end = datetime.now(UTC) + timedelta(days=days)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(end - timedelta(days=365))
    made = made.not_valid_after(end)
    if names:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    pem = serialization.Encoding.PEM
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    certificate = folder / f"{host}.pem"
    certificate.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
    (folder / f"{host}.key").write_bytes(key.private_bytes(pem, *form))
    return certificate, folder / f"{host}.key"


def short(folder: Path) -> tuple[Path, Path]:
    """A certificate with a key of 512 bits, and that key."""
    place = folder / "short.pem", folder / "short.key"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:512", "-nodes", "-subj", "/CN=localhost", "-days", "9"]
    words += ["-addext", "subjectAltName=DNS:localhost", "-out", str(place[0]), "-keyout", str(place[1])]
    subprocess.run(words, check=True, capture_output=True)
    return place


def test_a_key_with_a_passphrase_is_refused_with_the_command_that_opens_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    certificate, key = pair(tmp_path)
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    for form in (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL):
        locked = tmp_path / "with a blank.key"
        hidden = serialization.BestAvailableEncryption(b"pa55word")
        locked.write_bytes(private.private_bytes(serialization.Encoding.PEM, form, hidden))
        with pytest.raises(UsageProblem, match="is encrypted") as caught:
            deployed(workspace, tmp_path, tls=certificate, tls_key=locked)
        *command, out = shlex.split(caught.value.hint.partition(" asks for")[0])
        subprocess.run([*command, out, "-passin", "pass:pa55word"], check=True, capture_output=True)
        assert deployed(workspace, tmp_path, tls=certificate, tls_key=Path(out)).invoke("x") == "x"


def test_other_forms_of_a_certificate_are_refused_with_the_command_that_makes_pem(
    workspace: Workspace, tmp_path: Path
) -> None:
    certificate, key = pair(tmp_path)
    place = tmp_path / "of a server.cer"
    place.write_bytes(x509.load_pem_x509_certificate(certificate.read_bytes()).public_bytes(serialization.Encoding.DER))
    packed = tmp_path / "of a server.pfx"
    words = ["openssl", "pkcs12", "-export", "-passout", "pass:x", "-in", str(certificate), "-inkey", str(key)]
    subprocess.run([*words, "-out", str(packed)], check=True, capture_output=True)
    for other, more in ((place, []), (packed, ["-passin", "pass:x"])):
        with pytest.raises(UsageProblem, match="holds no certificate in PEM") as caught:
            deployed(workspace, tmp_path, tls=other, tls_key=key)
        command = shlex.split(caught.value.hint.partition(" makes one of it")[0])
        subprocess.run([*command, *more], check=True, capture_output=True)
        service = deployed(workspace, tmp_path, tls=tmp_path / "of a server.pem", tls_key=key)
        assert service.invoke("x") == "x"
        service.delete()


def test_a_certificate_of_its_own(workspace: Workspace, tmp_path: Path, home: Path) -> None:
    service = deployed(workspace, tmp_path, tls="self-signed", auth="key")
    certificate, key = service.certificate, service.get_keys().primary
    assert certificate is not None
    assert service.scoring_uri.startswith("https://")
    # Everything that this package asks a service goes the same way.
    assert service.invoke("x") == "x"
    assert service.load("x", 8, 2).failed == 0
    assert service.health.state == "Healthy"
    assert service.reload().action == "reloaded"
    service.regenerate_key("primary")
    bearer = {"Authorization": f"Bearer {service.get_keys().primary}"}
    for host in ("127.0.0.1", "localhost"):
        url = service.scoring_uri.replace("127.0.0.1", host)
        answer = requests.post(url, json={"x": "y"}, headers=bearer, verify=certificate, timeout=20)
        assert answer.json() == "y"
    with pytest.raises(requests.exceptions.SSLError):
        requests.post(service.scoring_uri, json={"x": "y"}, headers=bearer, timeout=20)
    swagger = service.scoring_uri.replace("/score", "/swagger.json?version=2")
    assert requests.get(swagger, headers=bearer, verify=certificate, timeout=20).json()["schemes"] == ["https"]
    assert stat.S_IMODE(Path(certificate).with_suffix(".key").stat().st_mode) == 0o600
    assert key not in service.logs()
    # A deployment that changes nothing keeps it.
    change = workspace.deploy("echo").change
    assert change is not None
    assert (change.action, service.certificate) == ("unchanged", certificate)


def test_a_client_that_keeps_its_connection_does_not_hold_up_the_end(workspace: Workspace, tmp_path: Path) -> None:
    service = deployed(workspace, tmp_path, tls="self-signed")
    with requests.Session() as session:
        kept = session.post(service.scoring_uri, json={"x": "y"}, verify=service.certificate, timeout=20, stream=True)
        assert kept.json() == "y"
        began = time.monotonic()
        service.stop()
        # It was 30 s: asyncio's patience for a client's last word of TLS.
        assert time.monotonic() - began < 10


def test_plain_http_is_refused_and_silence_ends(workspace: Workspace, tmp_path: Path) -> None:
    service = deployed(workspace, tmp_path, tls="self-signed", settings={"head_seconds": 0.5})
    plain = service.scoring_uri.replace("https://", "http://")
    answer = requests.post(plain, json={"x": 1}, timeout=20)
    assert (answer.status_code, "HTTPS only" in answer.json()["message"]) == (400, True)
    address = urlsplit(plain)
    for begin in (b"", b"\x16"):
        with socket.create_connection((address.hostname, address.port), timeout=20) as raw:
            raw.sendall(begin)
            assert raw.recv(100) == b""
    assert service.invoke("x") == "x"


def test_a_front_that_is_started_again_has_it_still(workspace: Workspace, tmp_path: Path) -> None:
    service = deployed(workspace, tmp_path, tls="self-signed")
    pid = process_of(service).pid
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while service.health.pid in {0, pid} or service.state != "Healthy":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert service.invoke("x") == "x"
    # Its connections cannot go to another server: each gets a last answer, which says so.
    secured = ssl.create_default_context(cafile=service.certificate)
    with Load(service.scoring_uri, b'{"x": "y"}', pauses=(0.3,), tls=secured) as load:
        until(lambda: load.served["pausing"])
        change = workspace.deploy("echo", variables={"A": "1"}).change
        assert change is not None
        assert change.what == ("variables",)
        asked = load.served["new"]
        until(lambda: load.served["new"] > asked)


def test_a_certificate_of_the_users_own(workspace: Workspace, tmp_path: Path) -> None:
    certificate, key = pair(tmp_path)
    service = deployed(workspace, tmp_path, tls=certificate, tls_key=key)
    first = service.certificate
    assert first is not None
    # It is for the name of a router, so clients of this package check that name.
    assert service.invoke("x") == "x"
    assert Path(first).read_bytes() == certificate.read_bytes()
    # What the user does to the files changes a running service with the next deployment only.
    certificate, key = pair(tmp_path)
    assert service.invoke("x") == "x"
    change = workspace.deploy("echo").change
    assert change is not None
    assert change.what == ("tls",)
    assert service.certificate != first
    assert service.invoke("x") == "x"
    change = workspace.deploy("echo", tls="none").change
    assert change is not None
    assert (service.certificate, service.scoring_uri[:7]) == (None, "http://")
    assert service.invoke("x") == "x"


def test_only_the_servers_own_certificate_is_trusted(workspace: Workspace, tmp_path: Path) -> None:
    service = deployed(workspace, tmp_path, tls="self-signed")
    address = urlsplit(service.scoring_uri)
    another, _ = pair(tmp_path, "localhost")
    own = service.certificate
    assert own is not None
    for trusted, problem in (
        (Certificate(str(another), "localhost"), ssl.SSLError),
        (Certificate(own, "other"), ssl.SSLError),
    ):
        connection = trusted.connection(address.hostname or "", address.port, 20)
        with pytest.raises(problem):
            connection.request("GET", "/")
        connection.close()
    connection = Certificate(own, "localhost").connection(address.hostname or "", address.port, 20)
    connection.request("GET", "/")
    assert isinstance(connection, http.client.HTTPConnection)
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_a_printed_client_names_the_certificate(workspace: Workspace, tmp_path: Path) -> None:
    service = deployed(workspace, tmp_path, tls="self-signed", auth="key")
    environ = {**os.environ, "ECHO_KEY": service.get_keys().secondary}
    done = subprocess.run(
        ["sh", "-c", service.snippet("x")], capture_output=True, text=True, timeout=60, check=True, env=environ
    )
    assert done.stdout == '"x"'
    assert f"verify={service.certificate!r}" in service.snippet("x", "python")


def test_files_that_no_server_could_use_are_refused_by_name(workspace: Workspace, tmp_path: Path) -> None:
    certificate, key = pair(tmp_path)
    other, _ = pair(tmp_path, "other.example")
    expired, expired_key = pair(tmp_path, "expired.example", days=-1)
    nameless, nameless_key = pair(tmp_path, "nameless.example", names=False)
    text = tmp_path / "text.pem"
    text.write_text("no certificate")
    cases = {
        "is not the key of": (other, key),
        "expired on": (expired, expired_key),
        "names no host": (nameless, nameless_key),
        "holds no certificate": (text, key),
        "holds no private key": (certificate, text),
        "cannot be read": (tmp_path / "missing.pem", key),
        "ee key too small": short(tmp_path),
    }
    for words, (first, second) in cases.items():
        with pytest.raises(UsageProblem, match=words):
            deployed(workspace, tmp_path, tls=first, tls_key=second)
    assert "echo" not in workspace.services
