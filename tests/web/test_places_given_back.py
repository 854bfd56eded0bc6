"""Places, connections and timers after every way a request can end once work began."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.demo_requests import VISUAL, entries_part, form, image_part
from tests.deployment import Deployment
from tests.memory_proxy import Client, Proxy, photo_form, posted
from tests.network import Network

Ending = Callable[[Deployment, list[Client]], None]
PHOTO = photo_form(VISUAL, bytes(3000))


@pytest.fixture
def deployment(network: Network, start_proxy: Callable[..., Proxy]) -> Deployment:
    """Two servers that answer their pings and nothing else."""
    made = Deployment(
        network,
        start_proxy,
        {"a": {"maxConcurrent": 2}, "b": {"maxConcurrent": 2}},
        requestTimeout=20,
        maxBodySize=1_000_000,
    )
    for name in "ab":
        made[name].silent = made[name].answers_pings = True
    return made


def check_nothing_left(deployment: Deployment) -> None:
    """No place is taken, nobody waits, nothing is open, and only checks go on."""
    told = deployment.status
    assert [one["inFlight"] for one in told["backends"].values()] == [0, 0]
    assert deployment.waiting == 0
    for part in deployment.proxy.service:
        part.stopService()
    deployment.network.advance(120)
    assert [one for one in deployment.network.connections if one.is_open] == []
    assert deployment.network.getDelayedCalls() == []


def whole(deployment: Deployment) -> list[Client]:
    """Send six photos: four are at the servers, two wait."""
    clients = [deployment.proxy.send(posted(PHOTO)) for _ in range(6)]
    taken = [one["inFlight"] for one in deployment.status["backends"].values()]
    assert (taken, deployment.waiting) == ([2, 2], 2)
    return clients


def half(deployment: Deployment) -> list[Client]:
    """Send six photos of which the end does not come; the work has begun."""
    request = posted(PHOTO)
    clients = [
        deployment.proxy.send(request[:-2000], request[-2000:-1000]) for _ in range(6)
    ]
    taken = [one["inFlight"] for one in deployment.status["backends"].values()]
    assert (taken, deployment.waiting) == ([2, 2], 2)
    return clients


def leave(deployment: Deployment, clients: list[Client]) -> None:
    """All clients go."""
    for client in clients:
        client.leave()


def answer(deployment: Deployment, clients: list[Client]) -> None:
    """All are answered."""
    for _ in range(3):
        deployment.turn("a")
        deployment.turn("b")
    assert {client.answer.status for client in clients} == {200}


def fail(status: int) -> Ending:
    """Return what has both servers fail everything in this way."""

    def end(deployment: Deployment, clients: list[Client]) -> None:
        for name in "ab":
            deployment[name].status = status
            deployment[name].speak()
        deployment.network.advance(90)
        assert all(client.answer.status >= 300 for client in clients)

    return end


def time_out(deployment: Deployment, clients: list[Client]) -> None:
    """The servers hang."""
    deployment.network.advance(100)
    assert {client.answer.status for client in clients} == {504}


def die(deployment: Deployment, clients: list[Client]) -> None:
    """Both servers go for good."""
    deployment.stop("a")
    deployment.stop("b")
    deployment.network.advance(60)
    assert {client.answer.status for client in clients} == {503}
    assert {client.answer.headers["retry-after"] for client in clients} == {"5"}


def return_soon(deployment: Deployment, clients: list[Client]) -> None:
    """Both servers go, and come back in 3 s."""
    deployment.stop("a")
    deployment.stop("b")
    deployment.network.advance(3)
    deployment.start("a")
    deployment.start("b")
    deployment.network.advance(3)
    assert {client.answer.status for client in clients} == {200}


def remove(deployment: Deployment, clients: list[Client]) -> None:
    """The servers are taken out of the configuration, and answer what they have."""
    saved = deployment.proxy.get("/api/config").json()
    for one in saved["backends"]:
        one["state"] = "disabled"
    assert deployment.proxy.post("/api/config", saved).status == 200
    answer_held = [deployment.turn("a"), deployment.turn("b")]
    assert answer_held == [2, 2]
    deployment.network.advance(5)
    assert sorted(client.answer.status for client in clients) == [200] * 4 + [503] * 2


@pytest.mark.parametrize(
    "end",
    [
        *[leave, answer, time_out, die, return_soon, remove],
        *[fail(status) for status in (302, 401, 404, 413, 422, 429, 500, 502, 503)],
    ],
)
def test_a_whole_request_gives_back_what_it_took(
    deployment: Deployment, end: Ending
) -> None:
    """Those at a server, and those in line."""
    clients = whole(deployment)
    end(deployment, clients)
    leave(deployment, clients)
    check_nothing_left(deployment)


def go_on(deployment: Deployment, clients: list[Client]) -> None:
    """The rest comes after all, and is served."""
    for client in clients:
        client.send(posted(PHOTO)[-1000:])
    answer(deployment, clients)


def stall(deployment: Deployment, clients: list[Client]) -> None:
    """Nothing comes until the proxy loses patience with its clients."""
    deployment.network.advance(70)
    assert all(client.closed for client in clients)


@pytest.mark.parametrize("end", [leave, go_on, stall, die])
def test_half_a_request_gives_back_what_it_took(
    deployment: Deployment, end: Ending
) -> None:
    """Its body was still arriving when work began."""
    clients = half(deployment)
    end_of_it: Any = end if end is not die else die_and_leave
    end_of_it(deployment, clients)
    leave(deployment, clients)
    check_nothing_left(deployment)


def die_and_leave(deployment: Deployment, clients: list[Client]) -> None:
    """Both servers go before the bodies are there."""
    deployment.stop("a")
    deployment.stop("b")
    deployment.network.advance(13)  # soon it would come too slowly
    for client in clients:
        client.send(posted(PHOTO)[-1000:])
    deployment.network.advance(30)
    assert {client.answer.status for client in clients} == {503}


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".b"])
def test_an_odd_host_takes_no_place(deployment: Deployment, host: str) -> None:
    """What is asked for does not depend on it: six predicts are served."""
    clients = [deployment.proxy.send(posted(PHOTO, Host=host)) for _ in range(6)]
    answer(deployment, clients)
    leave(deployment, clients)
    check_nothing_left(deployment)


@pytest.mark.parametrize("host", ["[::1", "\xe4", "", "a b"])
def test_a_host_that_is_none_takes_no_place(deployment: Deployment, host: str) -> None:
    """It is refused before any work begins."""
    clients = [deployment.proxy.send(posted(PHOTO, Host=host)) for _ in range(6)]
    assert {client.got.split(b"\r\n")[0] for client in clients} == {
        b"HTTP/1.1 400 Bad Request"
    }
    assert all(client.closed for client in clients)
    check_nothing_left(deployment)


def test_a_request_that_nobody_answers_for_gives_its_place_back(
    deployment: Deployment,
) -> None:
    """Klein may answer without looking what became of the work: it is ended."""
    request = posted(PHOTO)
    clients = [deployment.proxy.send(request[:-10]) for _ in range(4)]
    for active in tuple(deployment.proxy.site.active):
        if active.path == b"/predict":
            active.process = lambda active=active: active.finish()
    for client in clients:
        client.send(request[-10:])
    assert {client.got.split(b"\r\n")[0] for client in clients} == {b"HTTP/1.1 200 OK"}
    check_nothing_left(deployment)


def test_a_form_that_turns_out_wrong_gives_its_place_back(
    deployment: Deployment,
) -> None:
    """Its second ``entries`` comes after work has begun: 422, and no more of it."""
    body = form(entries_part(VISUAL), image_part(bytes(3000)), entries_part({}))
    request = posted(body)
    clients = [deployment.proxy.send(request[:-500], request[-500:]) for _ in range(6)]
    assert {client.answer.status for client in clients} == {422}
    check_nothing_left(deployment)
