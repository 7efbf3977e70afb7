"""The configurations of deployments: what they refuse, what they keep."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_deploy.sdk.v1 import AciWebservice, AksEndpoint, AksWebservice, WebserviceException

WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (AciWebservice, {"cpu_cores": 0}, "cpu_cores must be a number greater than zero, not 0"),
    (AciWebservice, {"memory_gb": -1}, "memory_gb must be a number greater"),
    (AciWebservice, {"cpu_cores": "1"}, "cpu_cores must be a number greater than zero, not '1'"),
    # The cloud would take the keys, and let everybody in.
    (AciWebservice, {"primary_key": "k"}, "primary_key needs auth_enabled"),
    (AksWebservice, {"token_auth_enabled": True, "secondary_key": "k"}, "secondary_key needs auth_enabled"),
    (AksWebservice, {"num_replicas": "2"}, "num_replicas must be a number greater than zero, not '2'"),
    (AksWebservice, {"scoring_timeout_ms": True}, "scoring_timeout_ms must be a number greater"),
    (AciWebservice, {"ssl_enabled": True}, "certificate"),
    (AciWebservice, {"auth_enabled": False, "primary_key": "k"}, "primary_key needs auth_enabled"),
    (AksWebservice, {"auth_enabled": True, "token_auth_enabled": True}, "Cannot set both"),
    (AksWebservice, {"autoscale_enabled": True, "num_replicas": 2}, "cannot both be set"),
    (AksWebservice, {"autoscale_enabled": False, "autoscale_max_replicas": 2, "num_replicas": 1}, "autoscale_max"),
    (AksWebservice, {"autoscale_enabled": False}, "num_replicas is needed"),
    (AksWebservice, {"autoscale_min_replicas": 3, "autoscale_max_replicas": 2}, "is above"),
    (AksWebservice, {"namespace": "Not_One"}, "namespace"),
    (AksWebservice, {"scoring_timeout_ms": 0}, "scoring_timeout_ms must be a number greater"),
    (AksWebservice, {"cpu_cores": 2, "cpu_cores_limit": 1}, "cpu_cores_limit is below"),
    (AksEndpoint, {"traffic_percentile": 101}, "from 0 to 100"),
]


@pytest.mark.parametrize(("kind", "options", "words"), WRONG)
def test_what_contradicts_itself_is_refused(kind: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(WebserviceException, match=words):
        kind.deploy_configuration(**options)


def test_an_endpoint_without_a_version_name_gets_one() -> None:
    assert AksEndpoint.deploy_configuration(traffic_percentile=0).version_name == "version-1"
    assert AksEndpoint.deploy_configuration(version_name="a", num_replicas=2).replicas() == 2


def test_a_slip_in_an_option_names_the_right_one() -> None:
    with pytest.raises(TypeError, match="Use cpu_cores="):
        AciWebservice.deploy_configuration(cpu_core=1)


def test_keys_are_never_printed(capsys: pytest.CaptureFixture[str]) -> None:
    config = AksWebservice.deploy_configuration(primary_key="secret-one", secondary_key="secret-two", num_replicas=3)
    config.print_deploy_configuration()
    printed = capsys.readouterr().out + repr(config)
    assert "num_replicas" in printed
    assert "secret" not in printed


def test_the_queue_is_twice_what_the_replicas_take() -> None:
    config = AksWebservice.deploy_configuration(
        num_replicas=2, replica_max_concurrent_requests=5, scoring_timeout_ms=90_000
    )
    assert config.settings() == {"scoring_timeout_ms": 90_000, "queue_limit": 20}


def test_a_limit_counts_more_than_what_is_given() -> None:
    sized = AksWebservice.deploy_configuration(cpu_cores=0.5, cpu_cores_limit=2, memory_gb=1)
    assert (sized.cpus, sized.memory) == (2, 1 << 30)
    assert AksWebservice.deploy_configuration(memory_gb=1, memory_gb_limit=2).memory == 2 << 30
    assert AciWebservice.deploy_configuration(cpu_cores=0.5).cpus == 0.5


def test_both_words_for_collecting_mean_the_same() -> None:
    for option in ("enable_app_insights", "collect_model_data"):
        assert AciWebservice.deploy_configuration(**{option: True}).settings() == {"collect": "requests"}
        assert AksWebservice.deploy_configuration(**{option: False}).settings() == {"collect": "off"}
    assert AciWebservice.deploy_configuration().settings() == {}


def test_no_graphics_card_and_no_delay_may_be_said_by_zero() -> None:
    config = AksWebservice.deploy_configuration(gpu_cores=0, initial_delay_seconds=0)
    assert (config.gpu_cores, config.probe()["initial_delay_seconds"], config.probe()["period_seconds"]) == (0, 0, 10)
    with pytest.raises(WebserviceException, match="period_seconds must be a number greater than zero, not 0"):
        AksWebservice.deploy_configuration(period_seconds=0)
