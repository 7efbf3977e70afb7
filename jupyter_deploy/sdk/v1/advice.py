"""Advice for the SDK's users: hints of the layers beneath name options and commands, which a script cannot take."""

from __future__ import annotations

import re

from ...errors import in_notebook

_NAME = r"([\w.:-]*\w)"
# A hint's words for the command line, and what does the same in the SDK.
_WORDS = tuple(
    (re.compile(said), meant)
    for said, meant in (
        (rf"jupyter model deploy {_NAME} --auth key", r"Webservice(ws, '\1').update(auth_enabled=True)"),
        (rf"jupyter model deploy {_NAME} --auth token", r"Webservice(ws, '\1').update(token_auth_enabled=True)"),
        (rf"jupyter model deploy {_NAME} --tag (\S+)=VALUE", r"Webservice(ws, '\1').add_tags({'\2': 'VALUE'})"),
        (rf"jupyter model deploy {_NAME} --model {_NAME}", r"deploy it with models=[Model(ws, '\2')]"),
        (r"\(--environment FILE\)", "(Environment.from_conda_specification(name, file))"),
        (rf"jupyter model deploy {_NAME} starts it again", "Model.deploy(…, overwrite=True) starts it again"),
        (rf"; then: jupyter model deploy {_NAME}\.?$", "; then deploy or reload it again."),
        (rf"jupyter model token {_NAME}", r"Webservice(ws, '\1').get_token()"),
        (
            rf"jupyter model package {_NAME} --dockerfile DIR",
            "Model.package(…, generate_dockerfile=True), then package.save('imagefiles')",
        ),
        (r"\b(?:use|[Dd]eploy with) --target (process|docker)\b", r"set os.environ['JUPYTER_DEPLOY_TARGET'] = '\1'"),
        (rf"jupyter model delete {_NAME}", r"Webservice(ws, '\1').delete()"),
        (rf"jupyter model logs {_NAME}", r"Webservice(ws, '\1').get_logs()"),
        (rf"jupyter model tag {_NAME} KEY=VALUE", r"Model(ws, id='\1').add_tags({'KEY': 'VALUE'})"),
        (r"jupyter model models\b", "Model.list(ws)"),
        (r"Give another folder with --to DIR, or overwrite with --exist-ok\.", "target_dir='DIR', or exist_ok=True."),
        (r"Give another folder with --to DIR\.", "Give another folder: target_dir='DIR'."),
        (r"Leave --child \(child_paths\) out\.", "Leave child_paths= out."),
        (r"Give framework= as well\.", "Give model_framework= as well."),
        (r"with --framework\b", "with model_framework="),
        (r"; or let the service have an environment of its own: --environment inferred", ""),
        (
            r"Write run\(data\) in a cell that starts with %%score_script \S+,",
            "Give an InferenceConfig,",
        ),
        (
            r"--tls takes self-signed, none, or the file of a certificate \(PEM\), with --tls-key FILE beside it\.",
            "ssl_cert_pem_file= is a certificate's file (PEM), ssl_key_pem_file= that of its private key.",
        ),
        (
            r"Correct the line and (?:run the cell|deploy it) again\.",
            "Correct the line, then deploy or reload it again.",
        ),
    )
)


# And the SDK's, where its calls are made by flags.
_FLAGS = tuple(
    (re.compile(said), meant)
    for said, meant in (
        (r"Model\.deploy\(…, overwrite=True\), or .*", "Add --overwrite, or take another name."),
        (r"Webservice\(ws, '([\w-]+)'\)\.delete\(\)", r"jupyter model delete \1"),
        (r"Create it: ComputeTarget\.create\(.*", "Leave --ct out: --cp says what kind of service it is."),
    )
)


def in_flags(hint: str) -> str:
    """Write a hint of the SDK as the command line says it."""
    for said, meant in _FLAGS:
        hint = said.sub(meant, hint)
    return hint


def in_sdk_words(hint: str) -> str:
    """Write a hint as the SDK says it; what has no such word stays a line of a notebook."""
    for said, meant in _WORDS:
        hint = said.sub(meant, hint)
    return in_notebook(hint)
