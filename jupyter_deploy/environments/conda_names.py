"""Translate conda's package specifications to pip's: names, version syntax, and packages that pip does not have."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import ConfigProblem, refuse_unknown_keys

# Conda's names that differ from pip's; all others are the same.
PIP_NAMES = {
    "antlr-python-runtime": "antlr4-python3-runtime",
    "brotli-python": "brotli",
    "dask-core": "dask",
    "docker-py": "docker",
    "faiss": "faiss-cpu",
    "geopandas-base": "geopandas",
    "ignite": "pytorch-ignite",
    "keras-gpu": "keras",
    "libxgboost": "xgboost",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "numpy-base": "numpy",
    "opencv": "opencv-python-headless",
    "psycopg2": "psycopg2-binary",
    "py-lightgbm": "lightgbm",
    "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "py-xgboost-gpu": "xgboost",
    "pyarrow-core": "pyarrow",
    "pyg": "torch-geometric",
    "pymc-base": "pymc",
    "pyqt": "PyQt5",
    "pyqt6": "PyQt6",
    "pytables": "tables",
    "python-blosc": "blosc",
    "python-build": "build",
    "python-clang": "clang",
    "python-duckdb": "duckdb",
    "python-fastjsonschema": "fastjsonschema",
    "python-flatbuffers": "flatbuffers",
    "python-graphviz": "graphviz",
    "python-igraph": "igraph",
    "python-installer": "installer",
    "python-kubernetes": "kubernetes",
    "python-lmdb": "lmdb",
    "python-tzdata": "tzdata",
    "python-xxhash": "xxhash",
    "pytorch": "torch",
    "pytorch-cluster": "torch-cluster",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "pytorch-scatter": "torch-scatter",
    "pytorch-sparse": "torch-sparse",
    "pytorch-spline-conv": "torch-spline-conv",
    "pytorch_geometric": "torch-geometric",
    "ray-core": "ray",
    "ray-default": "ray[default]",
    "ray-serve": "ray[serve]",
    "ray-tune": "ray[tune]",
    "ruamel_yaml": "ruamel.yaml",
    "seaborn-base": "seaborn",
    "tensorflow-base": "tensorflow",
    "tensorflow-eigen": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-mkl": "tensorflow",
    "torchvision-cpu": "torchvision",
    "uvicorn-standard": "uvicorn[standard]",
}
# pip's versions of these have one part more than conda's: 4.8.1 is 4.8.1.78 there.
_LONGER_VERSIONS = frozenset({"opencv-python-headless"})
# They only choose between builds of other conda packages; wheels have no such choice, or make it by index.
SELECTORS = frozenset(
    [
        "cpuonly",
        "nomkl",
        "cuda-version",
        "pytorch-cuda",
        "pytorch-mutex",
        "_py-xgboost-mutex",
        "_tflow_select",
        "tensorflow-select",
        "_libgcc_mutex",
        "_openmp_mutex",
        "python_abi",
        "libtorch",
        "blas-devel",
    ]
)
# Parts of any Python interpreter.
INTERPRETER_PARTS = frozenset(
    [
        "ca-certificates",
        "openssl",
        "bzip2",
        "expat",
        "ld_impl_linux-64",
        "ld_impl_linux-aarch64",
        "libexpat",
        "libffi",
        "libnsl",
        "libsqlite",
        "libuuid",
        "libxcrypt",
        "libzlib",
        "ncurses",
        "readline",
        "sqlite",
        "tk",
        "xz",
        "zlib",
    ]
)
_CUDA = (
    "Deploy to a base image that has it (nvidia/cuda, for example), or leave it out: torch's wheels bring their own."
)
_TOOL = "Use a base image or a Dockerfile that has it: what pip installs is Python only."
_BLAS = "Leave it out: the wheels of numpy and scipy bring their own."
_COMPILER = "Leave it out, since wheels are compiled already; or use a base image or a Dockerfile that has it."
_REFUSED = (
    (r"r|r-.*|rpy2-r", "R is not supported; only Python packages are."),
    (r"conda|mamba|micromamba|anaconda|miniconda|conda-build", "Leave it out: packages are installed with pip here."),
    (r"cudatoolkit(-dev)?|cuda|cuda-(?!python$).*|cudnn|nccl|cutensor|libcu.*|libnpp|libnvjpeg|tensorrt-libs", _CUDA),
    (r"blas|libblas|libcblas|lapack|liblapacke?|openblas|libopenblas|atlas", _BLAS),
    (
        r"libgcc(-ng|-devel.*)?|libgomp|libstdcxx(-ng|-devel.*)?|libgfortran.*|gcc(_.*|_impl_.*)?|gxx(_.*|_impl_.*)?"
        r"|gfortran(_.*|_impl_.*)?|binutils(_.*|_impl_.*)?|clang(xx)?(_.*)?|llvm|llvm-openmp|llvmdev|libllvm.*"
        r"|c-compiler|cxx-compiler|fortran-compiler|compilers|sysroot_.*|make|autoconf|automake|libtool|pkg-config",
        _COMPILER,
    ),
    (r"spacy-model-.*", "Name the model's wheel by its URL under 'pip:'."),
    (
        r"openjdk|java-jdk|maven|ffmpeg|graphviz|openmpi|mpich|mpi|impi_rt|nodejs|yarn|git|git-lfs|go|rust|perl|ruby|julia"
        r"|tesseract|poppler|imagemagick|ghostscript|pandoc|texlive-core|wget|curl|libcurl|postgresql|libpq|redis-server"
        r"|unixodbc|bash|sox|htop|tree|cmdstan|gdal|libgdal.*|geos|proj|libspatialindex|hdf5|libhdf5|libnetcdf|eccodes"
        r"|boost|boost-cpp|libboost.*|py-boost|eigen|fftw|gsl|gmp|mpfr|glib|cairo|pango|libxml2|libxslt|qt|qt-main"
        r"|libpng|jpeg|libjpeg-turbo|libtiff|libwebp|freetype|fontconfig|libopencv|arrow-cpp|libarrow.*|libprotobuf"
        r"|grpc-cpp|zeromq|libsodium|snappy|lz4-c|zstd|icu|krb5|libsndfile|portaudio|libgl.*|mesa.*|xorg-.*|libx11",
        _TOOL,
    ),
)
_SPEC = re.compile(
    r"(?:(?P<channel>[^\[\]\s]+)::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(?P<rest>[^\[\]]*?)\s*(?:\[(?P<keys>.*)\])?"
)
_KEY = re.compile(r"(\w+)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^,\]]*))")
_KEYS = ("version", "build", "channel", "subdir", "build_number", "md5", "sha256", "fn", "url", "license", "features")
_EXACT_WITH_BUILD = re.compile(r"={1,2}([^=<>!~,|]+)=([^=<>!~,|]+)")


class CondaSpec(NamedTuple):
    """A conda package as one line asks for it: channel, name, version and build, each empty if not given."""

    channel: str
    name: str
    version: str
    build: str

    @property
    def key(self) -> str:
        """The name for comparisons: conda's and pip's differ in their dashes."""
        return re.sub(r"[-_.]+", "-", self.name)


def parse_spec(text: str, where: str) -> CondaSpec:
    """Parse a conda package's specification.

    For example ``"numpy=1.26"``, ``"conda-forge::numpy 1.26.* py311_0"``, ``"numpy[version='>=1.2']"``. The name
    becomes lower case; the version stays in conda's syntax.
    """
    found = _SPEC.fullmatch(text.strip())
    rest = re.sub(r"\s*(<=|>=|==|!=|~=|[<>=,|])\s*", r"\1", str(found["rest"])) if found else ""
    if not found or (rest and not re.match(r"[<>=!~*\d^]", rest)):
        raise ConfigProblem(
            f"{where}: {text!r} is not a conda package.", hint="For example 'scikit-learn=1.5' or 'numpy>=1.26,<2'."
        )
    with_build = _EXACT_WITH_BUILD.fullmatch(rest)
    if with_build:
        version, build = f"=={with_build[1]}", with_build[2]
    else:
        version, _, build = rest.partition(" ")
    pairs: dict[str, str] = {
        key: one or two or bare.strip() for key, one, two, bare in _KEY.findall(found["keys"] or "")
    }
    refuse_unknown_keys(pairs, _KEYS, f"{where}, {text!r}")
    channel = (found["channel"] or pairs.get("channel", "")).strip()
    return CondaSpec(channel, found["name"].lower(), pairs.get("version", version), pairs.get("build", build).strip())


def pip_specifier(spec: CondaSpec, where: str, *, longer: bool = False) -> str:
    """Translate a conda package's version to pip, for example to ``"==1.26.*"`` or ``">=1.2,<2"``.

    Empty for any version. ``longer`` says that pip's versions have one part more, so an exact one needs ``.*``.
    Alternatives (``1.2|1.3``) and patterns, which pip does not have, are refused.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if "|" in spec.version:
        raise ConfigProblem(
            f"{where}: {spec.name}: pip has no alternatives such as {spec.version!r}.",
            hint="Keep one of them, or give a range: '>=1.2,<2'.",
        )
    terms = [_term(term, longer) for term in spec.version.split(",")]
    specifier = ",".join(term for term in terms if term)
    try:
        SpecifierSet(specifier)
    except InvalidSpecifier:
        raise ConfigProblem(
            f"{where}: {spec.name}: pip has no such version as {spec.version!r}.",
            hint="For example '=1.26' or '>=1.26,<2'.",
        ) from None
    return specifier


def _term(term: str, longer: bool) -> str:
    sign, version = re.match(r"(<=|>=|==|!=|~=|[<>=]|)(.*)", term).groups()  # type: ignore[union-attr]
    is_open = version.endswith("*")
    version = version.removesuffix("*").removesuffix(".")
    if not version:
        return ""
    if sign in ("", "=", "=="):
        # Nothing can follow 1.0rc1 or 2024a.
        is_prefix = (sign == "=" or is_open or longer) and not re.search("[a-z]", version)
        return f"=={version}.*" if is_prefix else f"=={version}"
    # Conda allows '>=1.2.*', which means '>=1.2'.
    return f"{sign}{version}.*" if sign == "!=" and is_open else f"{sign}{version}"


def pip_requirement(spec: CondaSpec, where: str) -> str:
    """Translate a conda package to a pip requirement, for example ``"torch==2.1.*"``.

    The package must be one that pip has.
    """
    name = PIP_NAMES.get(spec.name, spec.name)
    return f"{name}{pip_specifier(spec, where, longer=name in _LONGER_VERSIONS)}"


def refusal(name: str) -> str:
    """Return the hint for a conda package that pip does not have; empty for a package that it may have."""
    for pattern, hint in _REFUSED:
        if re.fullmatch(pattern, name):
            return hint
    return ""
