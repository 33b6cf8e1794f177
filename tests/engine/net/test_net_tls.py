"""The HTTP client against certificates good and bad."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.net import Client
from tests.engine.loopback import Log, Loopback
from tests.engine.net.conftest import NOW, Serve, ask, refused

# TLS.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def secure(serve: Serve, certificate: Path) -> Loopback:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return serve(lambda handler: handler.reply(body=b"[true]"), context)


def test_a_certificate_nobody_vouches_for_is_refused(
    client: Client, secure: Loopback, log: Log
) -> None:
    error = refused(client, ask(secure.url))
    assert error.sentence.startswith("The certificate of 127.0.0.1 is not valid")
    assert secure.asked == []
    assert log.exchanges[0].sent_bytes == 0


def test_a_certificate_for_another_name_is_refused(
    secure: Loopback, log: Log, certificate: Path
) -> None:
    client = Client(lambda source: True, log, FixedClock(NOW), context=_trusting(certificate))
    error = refused(client, ask(secure.url.replace("127.0.0.1", "localhost")))
    assert error.sentence.startswith("The certificate of localhost is not valid")
    assert secure.asked == []


def test_a_trusted_certificate_will_do(secure: Loopback, log: Log, certificate: Path) -> None:
    client = Client(lambda source: True, log, FixedClock(NOW), context=_trusting(certificate))
    assert client.fetch(ask(secure.url)).body == b"[true]"
    assert log.outcomes == ["200"]


def _trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def test_a_server_without_tls_is_told(client: Client, serve: Serve) -> None:
    server = serve(lambda handler: handler.reply())
    url = server.url.replace("http://", "https://")
    assert "No secure connection" in refused(client, ask(url)).sentence


def test_a_stream_is_checked_as_well(
    client: Client, secure: Loopback, log: Log, certificate: Path
) -> None:
    with pytest.raises(KnownError, match="certificate"):
        client.open(ask(secure.url))
    assert secure.asked == []
    trusting = Client(lambda source: True, log, FixedClock(NOW), context=_trusting(certificate))
    with trusting.open(ask(secure.url)) as stream:
        assert stream.read() == b"[true]"
