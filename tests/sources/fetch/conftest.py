"""What all tests of fetching share: a server, and no proxy before it."""

import pytest
from fetch_server import Server


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    yield server
    server.close()
