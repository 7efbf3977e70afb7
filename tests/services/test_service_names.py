"""A service's name for a script of any name."""

from __future__ import annotations

import unicodedata

import pytest

from jupyter_deploy.services import NAME_RULE, derived

NAMES = {
    "churn": "churn",
    "churn_model": "churn-model",
    "My_Model": "my-model",
    "preis_für_öl": "preis-fur-ol",
    "Straße.v2": "strasse-v2",
    "цена_нефти": "tsena-nefti",
    "Ελληνικά": "ellinika",
    "İstanbul": "istanbul",
    "2024_churn": "service-2024-churn",
    "x": "x-service",
    "ab": "ab-service",
    "model_": "model",
    "_private": "private",
}


@pytest.mark.parametrize(("name", "service"), NAMES.items())
def test_a_name_becomes_a_services(name: str, service: str) -> None:
    assert derived(name) == service
    assert derived(unicodedata.normalize("NFD", name)) == service
    assert derived(service) == service
    assert NAME_RULE.fullmatch(service)


@pytest.mark.parametrize("name", ["x" * 94, "模型", "モデル_2", "é" * 100, "9" * 40, "a-" * 40, "नमूना", "نموذج"])
def test_what_is_lost_is_marked(name: str) -> None:
    service, other = derived(name), derived(name + "2")
    assert NAME_RULE.fullmatch(service)
    assert NAME_RULE.fullmatch(other)
    assert service != other


@pytest.mark.parametrize("name", ["", "__", "-", "!!", "...", " "])
def test_nothing_to_name_a_service_after(name: str) -> None:
    assert derived(name) == ""
