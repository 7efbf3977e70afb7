"""The flags of ``az ml model deploy|package|profile`` that stand for a file of configuration, or for a part of one."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from ...errors import ConfigProblem, UsageProblem
from ...verbs import Argument, argument, pairs
from .exceptions import UserErrorException, WebserviceException
from .json_files import in_other_words
from .vocabulary import of_v1

if TYPE_CHECKING:
    from .workspace import Workspace

_CLASSES = {"local": "LocalWebservice", "aci": "AciWebservice", "aks": "AksWebservice", "aksendpoint": "AksEndpoint"}
_NUMBERS = (
    (("--cc", "--cpu-cores"), "cpu_cores", "processors"),
    (("--ccl", "--cpu-cores-limit"), "cpu_cores_limit", "processors at most"),
    (("--gb", "--memory-gb"), "memory_gb", "gigabytes of memory"),
    (("--gbl", "--memory-gb-limit"), "memory_gb_limit", "gigabytes of memory at most"),
)
_COUNTS = (
    (("--po", "--port"), "port", "the port of a local service"),
    (("--gc", "--gpu-cores"), "gpu_cores", "a label; nothing depends on it"),
    (("--nr", "--num-replicas"), "num_replicas", "processes that run the script"),
    (("--mi", "--autoscale-min-replicas"), "autoscale_min_replicas", "the fewest of them"),
    (("--ma", "--autoscale-max-replicas"), "autoscale_max_replicas", "the most of them"),
    (("--ar", "--autoscale-refresh-seconds"), "autoscale_refresh_seconds", "between two decisions"),
    (("--at", "--autoscale-target-utilization"), "autoscale_target_utilization", "per cent"),
    (("--tm", "--scoring-timeout-ms"), "scoring_timeout_ms", "the longest prediction"),
    (("--rm", "--replica-max-concurrent-requests"), "replica_max_concurrent_requests", "at once, for each process"),
    (("--mr", "--max-request-wait-time"), "max_request_wait_time", "milliseconds in the queue, then 503"),
    (("--ps", "--period-seconds"), "period_seconds", "of the probe"),
    (("--id", "--initial-delay-seconds"), "initial_delay_seconds", "of the probe"),
    (("--ts", "--timeout-seconds"), "timeout_seconds", "of the probe"),
    (("--st", "--success-threshold"), "success_threshold", "of the probe"),
    (("--ft", "--failure-threshold"), "failure_threshold", "of the probe"),
    (("--tp", "--traffic-percentile"), "traffic_percentile", "of an endpoint's version"),
)
_SWITCHES = (
    (("--ae", "--auth-enabled"), "auth_enabled", "whether clients need a key"),
    (("--token-auth-enabled",), "token_auth_enabled", "whether clients need a token"),
    (("--ai", "--enable-app-insights"), "enable_app_insights", "whether requests are collected"),
    (("--md", "--collect-model-data"), "collect_model_data", "whether requests are collected"),
    (("--as", "--autoscale-enabled"), "autoscale_enabled", "whether their number follows the load"),
    (("--se", "--ssl-enabled"), "ssl_enabled", "whether it serves https"),
)
_TEXTS = (
    (("--kp", "--primary-key"), "primary_key", "a key; in a file for --dc, no other user can see it"),
    (("--ks", "--secondary-key"), "secondary_key", "the other key"),
    (("--sp", "--ssl-cert-pem-file"), "ssl_cert_pem_file", "the certificate"),
    (("--sk", "--ssl-key-pem-file"), "ssl_key_pem_file", "its key"),
    (("--sc", "--ssl-cname"), "ssl_cname", "the name in it"),
    (("--nd", "--namespace"), "namespace", "a label; nothing depends on it"),
    (("--lo", "--location"), "location", "a label; nothing depends on it"),
    (("--dn", "--dns-name-label"), "dns_name_label", "a label; nothing depends on it"),
    (("-d", "--description"), "description", "free text"),
    (("--vault-base-url",), "cmk_vault_base_url", "a label; nothing depends on it"),
    (("--key-name",), "cmk_key_name", "a label; nothing depends on it"),
    (("--key-version",), "cmk_key_version", "a label; nothing depends on it"),
    (("--vnet-name",), "vnet_name", "a label; nothing depends on it"),
    (("--subnet-name",), "subnet_name", "a label; nothing depends on it"),
    (("--vn", "--version-name"), "version_name", "of an endpoint"),
)


def _switch(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _option(names: Sequence[str], dest: str, text: str, **how: Any) -> Argument:
    return argument(*names, dest=dest, help=text, **how)


_VALUES = (
    *(_option(*row, type=float, metavar="N") for row in _NUMBERS),
    *(_option(*row, type=int, metavar="N") for row in _COUNTS),
    *(_option(*row, type=_switch, metavar="true|false") for row in _SWITCHES),
    *(_option(*row, metavar="TEXT") for row in _TEXTS),
)
# What a service is to get.
CONFIGURATION: tuple[Argument, ...] = (
    argument("--cp", "--compute-type", dest="compute_type", choices=sorted(_CLASSES), help="aci by default"),
    *_VALUES,
    argument("--tag", action="append", metavar="K=V", help="a tag; may be repeated"),
    argument("--property", action="append", metavar="K=V", help="a property, never changed; may be repeated"),
)
# What serves the model.
SCRIPT: tuple[Argument, ...] = (
    argument("--es", "--entry-script", dest="entry_script", metavar="FILE", help="relative to --sd"),
    argument("--sd", "--source-directory", dest="source_directory", metavar="DIR", help="what goes with the script"),
    argument("--cf", "--conda-file", dest="conda_file", metavar="FILE", help="its packages, relative to --sd"),
    argument("--rt", "--runtime", dest="runtime", metavar="R", help="python"),
    argument("--bi", "--base-image", dest="base_image", metavar="IMAGE", help="the image to build on"),
    argument("--ds", "--extra-docker-file-steps", dest="extra_docker_file_steps", metavar="FILE", help="more of it"),
    argument("--cv", "--cuda-version", dest="cuda_version", metavar="V", help="a label; nothing depends on it"),
    argument("--eg", "--enable-gpu", dest="enable_gpu", type=_switch, metavar="true|false", help="a label, too"),
    argument("-e", "--env-name", "--environment-name", dest="env_name", metavar="NAME", help="a registered one"),
    argument("--ev", "--env-version", "--environment-version", dest="ev", metavar="VERSION", help="its version"),
)
_SCRIPT_KEYS = (
    *("entry_script", "source_directory", "conda_file", "runtime", "base_image", "extra_docker_file_steps"),
    *("cuda_version", "enable_gpu"),
)


def inference_of(ws: Workspace, given: argparse.Namespace) -> Any:
    """Make the configuration of a script: from a file, from flags, or None without either."""
    said = {key: getattr(given, key) for key in _SCRIPT_KEYS if getattr(given, key)}
    if given.ic and said:
        flag = f"--{next(iter(said)).replace('_', '-')}"
        raise UsageProblem(f"{flag} and --ic say the same.", hint="Give the file --ic, or --es and --cf.")
    if not given.ic and not said:
        if given.env_name:
            raise UsageProblem("-e needs a script.", hint="--es score.py, or --ic inferenceconfig.json")
        return None
    if given.ic:
        config = _read("--ic", of_v1("load_inference_config"), given.ic)
    elif "entry_script" not in said:
        raise UsageProblem("Which script? --es FILE.", hint="--es score.py --cf env.yml --sd .")
    elif given.env_name:
        said = {key: said[key] for key in ("entry_script", "source_directory") if key in said}
        config = of_v1("InferenceConfig")(**said, environment=of_v1("Environment").get(ws, given.env_name, given.ev))
    else:
        config = of_v1("InferenceConfig")(**said)
    if given.ic and given.env_name:
        config.environment = of_v1("Environment").get(ws, given.env_name, given.ev)
    return config


def configuration_of(given: argparse.Namespace) -> Any:
    """Make the configuration of a service: a file's, with the flags in place of its values; None without either."""
    said = {dest: getattr(given, dest) for one in _VALUES if (dest := one.options["dest"])}
    said = {key: value for key, value in said.items() if value is not None}
    said |= {"tags": pairs(given.tag, "--tag")} if given.tag else {}
    said |= {"properties": pairs(given.property, "--property")} if given.property else {}
    base = _read("--dc", lambda path: of_v1("load_deployment_config")(path).configuration(), given.dc)
    if base is None and not said and not given.compute_type:
        return None
    if base is None or (given.compute_type and base.compute_type.lower() != given.compute_type):
        kind = given.compute_type or ("aks" if given.ct else "aci")
        if base is not None:
            raise UsageProblem(f"{given.dc} is of the type {base.compute_type.lower()}, not {kind}.", hint="Give one.")
        base = of_v1(_CLASSES[kind]).deploy_configuration()
    known = {one.name for one in fields(base)}
    strange = [key for key in said if key not in known]
    if strange:
        flag = f"--{strange[0].replace('_', '-')}"
        raise UsageProblem(
            f"{flag} means nothing to a service of the type {base.compute_type.lower()}.",
            hint="--compute-type local, aci or aks says what the service is",
        )
    made = replace(base, **said)
    try:
        made.validate_configuration()
    except WebserviceException as error:
        flags = {one.options["dest"]: one.flags[-1] for one in _VALUES if one.options["dest"] in said}
        named = {f"{argument}=": f"{flag} " for argument, flag in flags.items()}
        _, _, hint = error.message.partition("\nHint: ")
        for argument, flag in named.items():
            hint = hint.replace(argument, flag)
        raise UsageProblem(in_other_words(error.problem, flags), hint=hint) from None
    return made


def _read(flag: str, load: Callable[[str], Any], path: str | None) -> Any:
    """Read a file of configuration, if there is one; errors name the flag."""
    if not path:
        return None
    try:
        return load(path)
    except UserErrorException as error:
        problem, _, hint = error.message.partition("\nHint: ")
        raise ConfigProblem(f"{flag} {problem}", hint=hint) from error
