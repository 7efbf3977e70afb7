"""The certificate that a service's server gets: a copy of the user's files, or one that is signed by itself."""

from __future__ import annotations

import hashlib
import ipaddress
import shlex
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageProblem
from ..files import write_atomic
from ..home import Home
from ..services import SELF_SIGNED, Certificate, ServiceSpec
from ..store import refuse_secrets

if TYPE_CHECKING:
    from cryptography import x509

_LIFETIME = timedelta(days=365)
# A deployment makes another one when less is left.
_LEFT = timedelta(days=30)
_HINT = "--tls takes self-signed, none, or the file of a certificate (PEM), with --tls-key FILE beside it."


def certificate_for(home: Home, spec: ServiceSpec) -> Certificate | None:
    """Make or copy a service's certificate; the files are named by their content, so that one that is in use stays.

    Raises
    ------
    UsageProblem
        For files that no server could use.
    """
    return certificate_in(home.root, home.service(spec.name), f"service {spec.name}", spec.tls, spec.tls_key)


def certificate_in(root: Path, owner: Path, title: str, tls: str, tls_key: str) -> Certificate | None:
    """Make or copy the certificate of a service or an endpoint, whose own folder ``owner`` is; None without ``tls``."""
    if not tls:
        return None
    refuse_secrets(root, f"The private key of {title}")
    folder = owner / "tls"
    return _own(folder) if tls == SELF_SIGNED else _given(folder, Path(tls), Path(tls_key or tls))


def _given(folder: Path, certificate: Path, key: Path) -> Certificate:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    chain, private = _read(certificate), _read(key)
    try:
        leaf = x509.load_pem_x509_certificates(chain)[0]
    except ValueError as error:
        raise UsageProblem(f"{certificate} holds no certificate in PEM.", hint=_as_pem(certificate, chain)) from error
    try:
        loaded = serialization.load_pem_private_key(private, None)
    except TypeError as error:
        raise UsageProblem(
            f"The private key in {key} is encrypted: no server could read it.",
            hint=f"{shlex.join(['openssl', 'pkey', '-in', str(key), '-out', str(key.with_suffix('.open.pem'))])} "
            "asks for its passphrase, and writes a key to give instead.",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageProblem(f"{key} holds no private key in PEM.", hint=_HINT) from error
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    if loaded.public_key().public_bytes(*form) != leaf.public_key().public_bytes(*form):
        raise UsageProblem(f"The key in {key} is not the key of the certificate in {certificate}.", hint=_HINT)
    now = datetime.now(UTC)
    if leaf.not_valid_after_utc <= now:
        raise UsageProblem(
            f"The certificate in {certificate} expired on {leaf.not_valid_after_utc:%Y-%m-%d}.", hint=_HINT
        )
    if leaf.not_valid_before_utc > now:
        raise UsageProblem(
            f"The certificate in {certificate} is not valid before {leaf.not_valid_before_utc:%Y-%m-%d}.", hint=_HINT
        )
    names = _names(leaf)
    if not names:
        raise UsageProblem(
            f"The certificate in {certificate} names no host (subjectAltName): clients would refuse it.", hint=_HINT
        )
    _check_it_loads(certificate, key)
    return _stored(folder, "given", chain, private, names[0])


def _check_it_loads(certificate: Path, key: Path) -> None:
    """Refuse what OpenSSL's own rules refuse, such as a key that is too short, before a server does."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        why = str(error.reason or error).replace("_", " ").lower()
        raise UsageProblem(
            f"OpenSSL takes no certificate like that in {certificate}: {why}.",
            hint="Make another key: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
        ) from error


def _as_pem(path: Path, data: bytes) -> str:
    """Write the command that makes PEM of the other usual forms."""
    from cryptography import x509

    words = ["pkcs12", "-nodes"] if path.suffix.lower() in {".pfx", ".p12"} else []
    try:
        x509.load_der_x509_certificate(data)
        words = ["x509", "-inform", "der"]
    except ValueError:
        pass
    made = shlex.join(["openssl", *words, "-in", str(path), "-out", str(path.with_suffix(".pem"))])
    return f"{made} makes one of it." if words else _HINT


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageProblem(f"{path} cannot be read: {error.strerror}.", hint=_HINT) from error


def _names(leaf: x509.Certificate) -> list[str]:
    """List the hosts that a certificate is for; this machine's own first."""
    from cryptography import x509

    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    # A certificate for all hosts of a domain is for this one of them.
    hosts = [name.replace("*", "model", 1) for name in found.get_values_for_type(x509.DNSName)]
    addresses = [str(address) for address in found.get_values_for_type(x509.IPAddress)]
    return sorted([*addresses, *hosts], key=lambda name: name not in {"127.0.0.1", "localhost"})


def _own(folder: Path) -> Certificate:
    from cryptography import x509

    host = socket.gethostname()
    for path in sorted(folder.glob("self-*.crt")):
        leaf = x509.load_pem_x509_certificate(path.read_bytes())
        lasts = leaf.not_valid_after_utc - datetime.now(UTC) > _LEFT
        if lasts and path.with_suffix(".key").exists() and (host in _names(leaf) or not _is_host(host)):
            return Certificate(str(path), "localhost")
    certificate, key = _signed_by_itself(host)
    return _stored(folder, "self", certificate, key, "localhost")


def _is_host(name: str) -> bool:
    return bool(name) and name.isascii() and name != "localhost"


def _signed_by_itself(host: str) -> tuple[bytes, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    hosts = ["localhost", *([host] if _is_host(host) else [])]
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in hosts]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")]
    # Clocks differ a little.
    now = datetime.now(UTC) - timedelta(minutes=5)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(pem), private


def _stored(folder: Path, kind: str, certificate: bytes, key: bytes, name: str) -> Certificate:
    digest = hashlib.sha256(certificate + hashlib.sha256(key).digest()).hexdigest()[:24]
    place = folder / f"{kind}-{digest}.crt"
    if not (place.exists() and place.with_suffix(".key").exists()):
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        write_atomic(place.with_suffix(".key"), key, mode=0o600)
        write_atomic(place, certificate, mode=0o600)
    return Certificate(str(place), name)
