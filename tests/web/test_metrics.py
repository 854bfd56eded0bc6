"""What Prometheus is told: every group once, every attempt, and no more series."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from immich_ml_proxy.downstream.ended_requests import EndedRequests
from immich_ml_proxy.metrics.catalog import HISTOGRAM, METRICS
from tests.demo_requests import FACES, OCR, TEXTUAL, VISUAL
from tests.fakes import document, serve
from tests.memory_proxy import Proxy, http, photo_form, posted, text_form
from tests.metrics.scraped import scrape
from tests.network import Network

Start = Callable[..., Proxy]
SEARCH = posted(text_form(TEXTUAL))
TOKEN = "correct-horse-battery"


def test_every_metric_is_there(network: Network, start_proxy: Start) -> None:
    """Under the name, the type and the labels that it is documented with."""
    serve(network, "gpu")
    proxy = start_proxy(document("gpu", "gone"))
    proxy.ask(SEARCH)
    told = scrape(proxy)
    lines = told.text.splitlines()
    by_name: dict[str, set[frozenset[str]]] = {}
    for sample in told.samples:
        by_name.setdefault(sample.name, set()).add(frozenset(sample.labels))
    for metric in METRICS:
        assert f"# TYPE {metric.sample} {metric.kind}" in lines
        is_histogram = metric.kind == HISTOGRAM
        name = f"{metric.sample}_bucket" if is_histogram else metric.sample
        labels = frozenset(metric.labels) | ({"le"} if is_histogram else set())
        assert by_name.get(name, {labels}) == {labels}
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names))
    ours = [one for one in names if one.startswith("immich_ml_proxy_")]
    assert sorted(ours) == sorted(one.sample for one in METRICS)
    assert {"process_cpu_seconds_total", "process_resident_memory_bytes"} <= set(names)


def test_a_request_of_several_groups_is_several(
    network: Network, start_proxy: Start
) -> None:
    """Each once, by where it went."""
    serve(network, "gpu", "nas")
    proxy = start_proxy(
        document("gpu", "nas", taskRouting={"ocr": "nas", "clip": "gpu"})
    )
    assert proxy.ask(posted(photo_form(OCR | VISUAL))).status == 200
    assert proxy.ask(SEARCH).status == 200
    told = scrape(proxy)
    assert told.all("requests_total") == {
        ("nas", "served", "ocr", "ocr"): 1,
        ("gpu", "served", "clip", "clip/visual"): 1,
        ("gpu", "served", "clip", "clip/textual"): 1,
    }
    assert told.all("backend_requests_total") == {
        ("nas", "served", "ocr"): 1,
        ("gpu", "served", "clip/visual"): 1,
        ("gpu", "served", "clip/textual"): 1,
    }
    assert told.all("http_responses_total")["200", "predict"] == 2


def test_what_was_answered_just_now_is_counted(
    network: Network, start_proxy: Start
) -> None:
    """It is gathered with others, and a scrape does not wait for these."""
    serve(network, "gpu")
    proxy = start_proxy(document("gpu"))
    [ended] = [part for part in proxy.service if isinstance(part, EndedRequests)]
    ended.startService()
    proxy.ask(SEARCH)
    told = scrape(proxy)
    assert told.all("http_responses_total")["200", "predict"] == 1
    assert told.one("http_request_body_bytes_total") == len(text_form(TEXTUAL))
    assert proxy.lines == []
    ended.stopService()
    assert len(proxy.lines) == 2


def test_a_failover_is_one_request_and_two_attempts(
    network: Network, start_proxy: Start
) -> None:
    """And tells who has failed whom."""
    fakes = serve(network, "a", "b")
    proxy = start_proxy(
        document(
            "a", "b", defaultBackend={"backends": ["a", "b"], "strategy": "in_order"}
        )
    )
    proxy.start_checks()
    assert proxy.ask(SEARCH).json() == {"clip": "a"}
    fakes["a"].status = 503
    assert proxy.ask(SEARCH).json() == {"clip": "b"}
    told = scrape(proxy)
    assert told.all("requests_total") == {
        ("a", "served", "default", "clip/textual"): 1,
        ("b", "served", "default", "clip/textual"): 1,
    }
    assert told.all("backend_requests_total") == {
        ("a", "served", "clip/textual"): 1,
        ("a", "unable", "clip/textual"): 1,
        ("b", "served", "clip/textual"): 1,
    }
    assert told.one("retries_total", route="default") == 1
    assert told.one("failovers_total", backend="a") == 1
    assert told.one("failovers_total", backend="b") == 0
    assert told.one("request_duration_seconds_count", task="clip/textual") == 2


def test_a_refusal_that_is_passed_on_and_one_that_is_learned(
    network: Network, start_proxy: Start
) -> None:
    """The one is an outcome, of the other a server is the subject."""
    fakes = serve(network, "a", "b")
    proxy = start_proxy(
        document(
            "a", "b", defaultBackend={"backends": ["a", "b"], "strategy": "in_order"}
        )
    )
    proxy.start_checks()
    fakes["a"].status = 422
    assert proxy.ask(posted(photo_form(OCR))).status == 200
    told = scrape(proxy)
    assert told.one("refusals_learned_total", backend="a") == 1
    assert told.one("backend_requests_total", backend="a") == 1
    assert told.all("backend_requests_total")["a", "refused", "ocr"] == 1
    fakes["b"].status = 422
    assert proxy.ask(posted(photo_form(FACES))).status == 422
    answered = scrape(proxy).all("requests_total")
    assert answered["a", "refused", "default", "facial-recognition"] == 1


def test_what_nobody_answers_has_no_backend(
    network: Network, start_proxy: Start
) -> None:
    """And its outcome tells why."""
    fakes = serve(network, "a")
    proxy = start_proxy(
        document("a", defaultBackend={"backends": ["a"], "holdSeconds": 0})
    )
    proxy.start_checks()
    fakes["a"].status = 503
    assert proxy.ask(SEARCH).status == 502
    told = scrape(proxy)
    assert told.all("requests_total") == {("", "failed", "default", "clip/textual"): 1}
    assert told.all("http_responses_total")["502", "predict"] == 1


def test_a_client_that_leaves_is_told_apart(
    network: Network, start_proxy: Start
) -> None:
    """It says nothing of how long answers take."""
    fakes = serve(network, "a")
    proxy = start_proxy(document("a"))
    fakes["a"].silent = True
    client = proxy.send(SEARCH)
    network.advance(3)
    assert scrape(proxy).one("backend_in_flight_requests", backend="a") == 1
    client.leave()
    told = scrape(proxy)
    assert told.all("requests_total") == {
        ("", "cancelled", "default", "clip/textual"): 1
    }
    assert told.all("backend_requests_total") == {("a", "cancelled", "clip/textual"): 1}
    assert told.all("request_duration_seconds_count") == {}
    assert told.all("backend_request_duration_seconds_count") == {}
    assert told.all("http_responses_total")["499", "predict"] == 1
    assert told.one("backend_in_flight_requests", backend="a") == 0


def test_names_that_clients_make_up_are_no_series(
    network: Network, start_proxy: Start
) -> None:
    """They are ``other``, however many there are."""
    serve(network, "a")
    proxy = start_proxy(document("a"))
    for number in range(50):
        entries = {f"task-{number}": {f"type-{number}": {"modelName": f"m-{number}"}}}
        assert proxy.ask(posted(photo_form(entries))).status == 200
        proxy.ask(http("GET", f"/nothing/{number}?{number}"))
        proxy.ask(http(f"METHOD{number % 3}"[:6], f"/api/{number}"))
    told = scrape(proxy)
    assert told.all("requests_total") == {("a", "served", "default", "other"): 50}
    assert {path for _, path in told.all("http_responses_total")} == {
        *("predict", "page", "api")
    }
    assert len(told.text.splitlines()) < 400


def test_a_renamed_backend_goes_on_and_one_that_is_gone_is_forgotten(
    network: Network, start_proxy: Start
) -> None:
    """Its series end; those of the other have its new name."""
    serve(network, "a", "b")
    proxy = start_proxy(document("a", "b", taskRouting={"ocr": "b"}))
    for _ in range(4):
        proxy.ask(SEARCH)
    proxy.ask(posted(photo_form(OCR)))
    before = scrape(proxy)
    assert before.one("waiting_requests", route="ocr") == 0
    renamed = document("new")
    renamed["backends"][0]["url"] = "http://a:3003"
    assert proxy.post("/api/config", renamed).status == 200
    told = scrape(proxy)
    served = before.one("requests_total", backend="a")
    assert told.all("requests_total") == {
        ("new", "served", "default", "clip/textual"): served
    }
    assert set(told.all("backend_healthy")) == {("new",)}
    assert set(told.all("waiting_requests")) == {("default",)}
    assert '"b"' not in told.text
    assert 'route="ocr"' not in told.text


def test_what_waits_is_told_by_place(network: Network, start_proxy: Start) -> None:
    """A scaler divides nothing: three wait for the only place."""
    fakes = serve(network, "a")
    config = document("a")
    config["backends"][0]["maxConcurrent"] = 1
    proxy = start_proxy(config)
    proxy.start_checks()
    fakes["a"].silent, fakes["a"].answers_pings = True, True
    clients = [proxy.send(posted(photo_form(VISUAL))) for _ in range(4)]
    told = scrape(proxy)
    assert told.one("backend_places", backend="a") == 1
    assert told.one("backend_in_flight_requests", backend="a") == 1
    assert told.one("waiting_requests", route="default") == 3
    assert told.one("waiting_per_place", route="default") == 3
    assert told.one("held_requests", route="default") == 0
    for client in clients:
        client.leave()
    assert scrape(proxy).one("waiting_requests", route="default") == 0


def test_what_is_held_is_told(network: Network, start_proxy: Start) -> None:
    """And which server is down, and that it should not be."""
    serve(network, "a")
    hold = {"backends": ["a"], "holdSeconds": 60}
    proxy = start_proxy(document("a", defaultBackend=hold))
    network.close("a")
    proxy.start_checks()
    network.advance(2)
    client = proxy.send(SEARCH)
    told = scrape(proxy)
    assert told.one("held_requests", route="default") == 1
    assert told.one("waiting_per_place", route="default") == 1
    assert told.one("backend_healthy", backend="a") == 0
    assert told.one("backend_enabled", backend="a") == 1
    client.leave()
    assert proxy.post("/api/backends/a", {"state": "disabled"}).status == 200
    assert scrape(proxy).one("backend_enabled", backend="a") == 0


def test_a_second_server_that_is_asked_beside_the_first_is_no_retry(
    network: Network, start_proxy: Start
) -> None:
    """It is a hedge, and the one that was slower was cancelled."""
    fakes = serve(network, "a", "b")
    route = {"backends": ["a", "b"], "strategy": "in_order", "hedgeAfterMs": 100}
    proxy = start_proxy(document("a", "b", defaultBackend=route))
    proxy.start_checks()
    for _ in range(30):
        proxy.ask(SEARCH)
    fakes["a"].silent = True
    client = proxy.send(SEARCH)
    network.advance(0.3)
    assert client.answer.json() == {"clip": "b"}
    told = scrape(proxy)
    assert told.one("hedges_total", route="default") == 1
    assert told.all("retries_total") == {}
    assert told.all("backend_requests_total")["a", "cancelled", "clip/textual"] == 1


def test_bytes_of_bodies_and_connections_are_counted(
    network: Network, start_proxy: Start
) -> None:
    """Of all clients together."""
    serve(network, "a")
    proxy = start_proxy(document("a"))
    form = photo_form(VISUAL)
    answer = proxy.ask(posted(form))
    told = scrape(proxy)
    assert told.one("http_request_body_bytes_total") == len(form)
    assert told.one("http_response_body_bytes_total") == len(answer.body)
    assert told.one("client_connections") == 2
    assert told.one("build_info", version="0.1.0") == 1


def test_a_file_that_cannot_be_used_is_told(
    network: Network, tmp_path: Any, logged: Any
) -> None:
    """The proxy runs without backends, and somebody should know."""
    (tmp_path / "config.json").write_text("{")
    proxy = Proxy(network, tmp_path, None)
    assert len(logged.expect()) == 1
    assert scrape(proxy).one("config_error") == 1
    assert proxy.post("/api/config", document("a")).status == 200
    assert scrape(proxy).one("config_error") == 0


def test_how_late_the_event_loop_is_is_counted(
    network: Network, start_proxy: Start
) -> None:
    """Four times a second, as long as it runs."""
    proxy = start_proxy(document("a"))
    proxy.start_checks()
    network.advance(10)
    told = scrape(proxy)
    assert told.one("reactor_lag_seconds_count") == 40
    assert told.one("reactor_lag_seconds_bucket", le="0.001") == 40
    proxy.service.stopService()


def test_a_scrape_needs_the_token_and_a_look_whether_it_lives_does_not(
    network: Network, start_proxy: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers name machines; that the process serves is nobody's secret."""
    monkeypatch.setenv("IMMICH_ML_PROXY_ADMIN_TOKEN", TOKEN)
    serve(network, "a")
    proxy = start_proxy(document("a"))
    answer = proxy.get("/metrics")
    assert answer.status == 401
    assert "token" in answer.error
    scrape(proxy, Authorization=f"Bearer {TOKEN}")
    live = proxy.get("/livez", Host="anything.example.org")
    assert (live.status, live.body) == (200, b"ok\n")


def test_it_lives_though_no_server_does(network: Network, start_proxy: Start) -> None:
    """A restart of the proxy would not help: that is what /ping is not for."""
    proxy = start_proxy(document("a"))
    assert proxy.send(http("GET", "/ping"))
    assert proxy.get("/livez").status == 200
    assert proxy.ask(http("POST", "/livez", b"")).status == 405
    assert proxy.ask(http("POST", "/metrics", b"")).status == 405


def test_numbers_are_where_the_api_is(network: Network, start_proxy: Start) -> None:
    """Not at the port for Immich, where one of their own is named; there it lives."""
    proxy = start_proxy(document("a"), "--admin-listen", "tcp:3005")
    admin, immich = proxy.sites
    assert proxy.get("/metrics").status == 404
    client = proxy.connect(admin).send(http("GET", "/metrics"))
    assert client.answer.status == 200
    for site in (admin, immich):
        assert proxy.connect(site).send(http("GET", "/livez")).answer.status == 200


def test_a_large_scrape_lets_others_go_first(
    network: Network, start_proxy: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is put together in stretches, between which searches are answered."""
    names = [f"server-{number}" for number in range(64)]
    serve(network, *names)
    proxy = start_proxy(document(*names))
    whole = proxy.get("/metrics").body
    monkeypatch.setattr("immich_ml_proxy.web.metrics.STRETCH", 0.0)
    client = proxy.connect()
    client.send(http("GET", "/metrics"))
    assert client.got == b""
    assert proxy.ask(SEARCH).status == 200
    network.advance(0.1)
    answer = client.answer
    assert answer.status == 200
    told = [line for line in answer.body.splitlines() if line.startswith(b"#")]
    assert told == [line for line in whole.splitlines() if line.startswith(b"#")]


def test_a_client_that_leaves_ends_its_scrape(
    network: Network, start_proxy: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing goes on for nobody."""
    proxy = start_proxy(document("a"))
    monkeypatch.setattr("immich_ml_proxy.web.metrics.STRETCH", 0.0)
    before = len(network.getDelayedCalls())
    client = proxy.connect()
    client.send(http("GET", "/metrics"))
    client.leave()
    assert len(network.getDelayedCalls()) <= before
    assert json.loads(proxy.get("/api/proxy").body)
