"""Plain values of ``azureml.core``."""

from __future__ import annotations

# The last version of the SDK whose words are spoken here; who really speaks them is in the local part.
VERSION = "1.61.0+jupyter.deploy"
__version__ = VERSION
# Environments that name them get the usual base image.
DEFAULT_CPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"
DEFAULT_GPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.1-cudnn8-ubuntu20.04"
