"""A debugger's side of the Debug Adapter Protocol: as much of it as a breakpoint needs."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from types import TracebackType
from typing import Any


class Debugger:
    """A connection to a debug adapter; messages are read one after the other."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._file = self._socket.makefile("rb")
        self._number = 0
        self._unread: list[dict[str, Any]] = []

    def __enter__(self) -> Debugger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._file.close()
        self._socket.close()

    def send(self, command: str, **arguments: Any) -> int:
        """Send a request; returns its number."""
        self._number += 1
        message = {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        return self._number

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a request and return what its response says."""
        number = self.send(command, **arguments)
        answer = self.until(lambda message: message.get("request_seq") == number)
        assert answer["success"], answer
        found: dict[str, Any] = answer.get("body", {})
        return found

    def event(self, name: str) -> dict[str, Any]:
        """Wait for an event."""
        found: dict[str, Any] = self.until(lambda message: message.get("event") == name)["body"]
        return found

    def until(self, wanted: Any) -> dict[str, Any]:
        """Return the first message that is wanted; the others wait."""
        for message in self._unread:
            if wanted(message):
                self._unread.remove(message)
                return message
        while not wanted(message := self._read()):
            self._unread.append(message)
        return message

    def _read(self) -> dict[str, Any]:
        size = 0
        while (line := self._file.readline().strip()) or not size:
            assert line, "the adapter has closed the connection"
            size = int(line.partition(b":")[2])
        found: dict[str, Any] = json.loads(self._file.read(size))
        return found

    def attach(self, file: Path | str, line: int, **settings: Any) -> dict[str, Any]:
        """Attach, with a breakpoint, as an editor does; returns what is said of the breakpoint."""
        self.ask("initialize", adapterID="debugpy", clientID="test", pathFormat="path", linesStartAt1=True)
        attached = self.send("attach", justMyCode=False, **settings)
        self.until(lambda message: message.get("event") == "initialized")
        found = self.ask("setBreakpoints", source={"path": str(file)}, breakpoints=[{"line": line}])
        self.ask("configurationDone")
        self.until(lambda message: message.get("request_seq") == attached)
        return dict(found["breakpoints"][0])
