"""What holds a router's port while it is away, or gives way to another one."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_deploy.routing.standby import LOOPBACK_DEVICE, SO_BINDTODEVICE, STANDS_BY, Standby, reserve

pytestmark = pytest.mark.skipif(not STANDS_BY, reason="two sockets listen on one port on Linux only")


def listening(place: Path) -> socket.socket:
    found = socket.socket(socket.AF_UNIX)
    found.bind(str(place))
    found.listen()
    found.settimeout(10)
    return found


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "inner.sock"


@pytest.fixture
def port() -> Iterator[int]:
    with reserve(0) as held:
        yield held.getsockname()[1]


def test_a_client_waits_for_the_next_router_where_one_is_dying(place: Path, port: int) -> None:
    # It does not listen at the port any more, but still at this socket.
    dying = listening(place)
    standby = Standby(port, str(place))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"request")
        place.unlink()
        with listening(place) as following:
            taken, _ = following.accept()
            with taken:
                assert taken.recv(100) == b"request"
        dying.setblocking(False)
        with pytest.raises(BlockingIOError):
            dying.accept()
    dying.close()
    standby.close()


def test_a_client_that_comes_while_a_router_starts_is_not_kept(place: Path, port: int) -> None:
    with listening(place) as router:
        standby = Standby(port, str(place))
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), timeout=10):
            router.accept()[0].close()
        assert time.monotonic() - began < 2
        standby.close()


def test_a_router_that_leaves_gets_no_connection_and_the_next_one_all(place: Path, port: int) -> None:
    def at_the_port() -> socket.socket:
        found = socket.socket()
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        found.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, LOOPBACK_DEVICE)
        found.bind(("127.0.0.1", port))
        found.listen(64)
        found.settimeout(0.0)
        return found

    standby = Standby(port, str(place))
    leaving = at_the_port()
    standby.go_ahead()
    clients = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(32)]
    with pytest.raises(BlockingIOError):
        leaving.accept()
    leaving.close()
    standby.use(str(place))
    following = at_the_port()
    with listening(place) as inner:
        # Those who were held meanwhile, and then the standby itself, which looks whether the next one listens.
        for _ in range(33):
            inner.accept()[0].close()
        clients += [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(32)]
        for _ in range(32):
            following.accept()[0].close()
    for one in (*clients, following):
        one.close()
    standby.close()
