"""The manifests for Kubernetes: what kustomize makes of them, and the schemas."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from immich_ml_proxy.config import document as config_document
from tests.deploy.dockerfile import CHECKOUT, DOCKERFILE, image

KUBERNETES = CHECKOUT / "deploy" / "kubernetes"
#: What Kubernetes itself has no schema for: the operators' own kinds.
FOREIGN = {"ServiceMonitor", "ScaledObject"}
Object = dict[str, Any]


@pytest.fixture(scope="module")
def rendered() -> str:
    """Return what ``kubectl apply --kustomize`` would apply."""
    command = ["kubectl", "kustomize", str(KUBERNETES / "base")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def objects(rendered: str) -> dict[tuple[str, str], Object]:
    """Return the objects of the base by kind and name."""
    each = yaml.safe_load_all(rendered)
    return {(one["kind"], one["metadata"]["name"]): one for one in each}


def others() -> list[Path]:
    """Return the manifests beside the base."""
    return sorted([*KUBERNETES.glob("autoscaling/*"), *KUBERNETES.glob("monitoring/*")])


def check_schema(path: Path) -> None:
    """Hold a file to the schemas of Kubernetes, strictly: no unknown field."""
    done = subprocess.run(
        [sys.executable, "-m", "kubernetes_validate", "--strict", path],
        env={**os.environ, "PYTHONPATH": str(Path(sys.prefix) / "schemas")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_base_is_what_kubernetes_takes(rendered: str, tmp_path: Path) -> None:
    """As it is after kustomize."""
    file = tmp_path / "rendered.yaml"
    file.write_text(rendered)
    check_schema(file)


@pytest.mark.parametrize("path", others(), ids=lambda path: path.stem)
def test_what_stands_beside_it_does_too(path: Path) -> None:
    """Kinds of operators are read only: their schemas are not at hand."""
    [manifest] = yaml.safe_load_all(path.read_text())
    if manifest["kind"] in FOREIGN:
        assert manifest["apiVersion"].partition("/")[0].endswith((".com", ".sh"))
        assert {"name"} <= manifest["metadata"].keys() and manifest["spec"]
    else:
        check_schema(path)


def test_the_configuration_is_one(objects: dict[tuple[str, str], Object]) -> None:
    """Without a warning; every address of the ML servers' name is a machine."""
    kept = objects["ConfigMap", "immich-ml-proxy"]["data"]["config.json"]
    config = config_document.parse(kept.encode())
    assert not config.warnings
    [backend] = json.loads(kept)["backends"]
    host = backend["url"].removeprefix("http://").partition(":")[0]
    service = objects["Service", host]["spec"]
    assert (service["clusterIP"], backend["resolve"]) == ("None", "all")


def test_the_proxy_is_without_a_state(objects: dict[tuple[str, str], Object]) -> None:
    """It writes nothing, and as many run as share the machines' limits."""
    deployment = objects["Deployment", "immich-ml-proxy"]["spec"]
    pod = deployment["template"]["spec"]
    [container] = pod["containers"]
    assert "--read-only-config" in container["args"]
    [mount] = [one for one in container["volumeMounts"] if one["name"] == "config"]
    assert mount["readOnly"] and "subPath" not in mount
    kept = objects["ConfigMap", "immich-ml-proxy"]["data"]["config.json"]
    assert json.loads(kept)["proxyReplicas"] == deployment["replicas"] == 2
    budget = objects["PodDisruptionBudget", "immich-ml-proxy"]["spec"]
    assert budget["minAvailable"] < deployment["replicas"]


def test_whether_it_lives_is_not_whether_machines_are_well(
    objects: dict[tuple[str, str], Object],
) -> None:
    """A restart brings no ML server back."""
    pod = objects["Deployment", "immich-ml-proxy"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/ping"


def test_it_runs_as_the_images_user(objects: dict[tuple[str, str], Object]) -> None:
    """Without any right that it needs not."""
    pod = objects["Deployment", "immich-ml-proxy"]["spec"]["template"]["spec"]
    user = image(DOCKERFILE.read_text()).user
    security = pod["securityContext"]
    assert f"{security['runAsUser']}:{security['runAsGroup']}" == user
    [container] = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_selectors_select(objects: dict[tuple[str, str], Object]) -> None:
    """Each Service and budget finds the pods of its Deployment."""
    for (kind, name), one in objects.items():
        if kind in ("Service", "PodDisruptionBudget"):
            selector = one["spec"]["selector"]
            wanted = selector.get("matchLabels", selector)
            pod = objects["Deployment", name]["spec"]["template"]
            assert wanted.items() <= pod["metadata"]["labels"].items()
