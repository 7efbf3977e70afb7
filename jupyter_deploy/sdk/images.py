"""What the cloud's images and versions of Python mean here."""

from __future__ import annotations

import re

# Images of the cloud that hold no more than the usual base does here.
_PLAIN_IMAGES = re.compile(
    r"(mcr\.microsoft\.com/)?azureml/(openmpi|intelmpi|base|minimal|onnxruntime)[\w.\-]*(/.*|:.*)?"
)
_OLDEST = (3, 11)


def is_plain_image(image: str) -> bool:
    """Whether an image holds no packages, so that the usual base image takes its place."""
    return bool(_PLAIN_IMAGES.fullmatch(image))


def is_too_old(version: str) -> bool:
    """Whether a version of Python is too old for the server."""
    exact = re.fullmatch(r"(\d+)\.(\d+)(\.[\d*]+)*", version)
    return bool(exact) and (int(exact[1]), int(exact[2])) < _OLDEST if exact else False
