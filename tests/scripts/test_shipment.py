"""Which files a script ships, and that they are copied once."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from jupyter_deploy.errors import TooMuchToShip, UsageProblem
from jupyter_deploy.scripts import Script, script_from_file
from jupyter_deploy.scripts.shipment import Contents, Shipment, shipment_of, walking

from .cells import RUN, cell

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n"
ALWAYS = {"score.py", "ref.csv", "data/deep/labels.txt", "swagger2.json"}
FOLDER = {
    "score.py": RUN,
    "ref.csv": "1,2",
    "data/deep/labels.txt": "a",
    "swagger2.json": "{}",
    ".env": "PASSWORD=1",
    ".git/config": "",
    ".ipynb_checkpoints/score.py": "",
    "__pycache__/score.cpython-311.pyc": "",
    "old.pyc": "",
    "score.pyc": "",
    "node_modules/x/index.js": "",
    "venv/pyvenv.cfg": "",
    "venv/lib/thing.py": "",
    "conda/conda-meta/history": "",
    "conda/bin/python": "",
    "server.pem": KEY,
    "id_rsa": KEY,
    "id_rsa.pub": "ssh-rsa",
    "prod.env": "",
    "credentials.json": "{}",
    "notes.txt": f"\n{KEY}",
    "checkpoints/step.pt": "",
    "checkpoint-500/step.pt": "",
    "azureml-models/x/1/model.pkl": "",
    "other/state.db": "",
    "other/bundles/x": "",
    "other/token": "",
}
LEFT_OUT_IN_ANY_CASE = {"old.pyc", "id_rsa.pub"}


def fill(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return folder


def names(shipment: Shipment, store: Path | None = None) -> set[str]:
    if store is not None:
        stage = store.with_name("stage")
        stage.mkdir(exist_ok=True)
        shipment = shipment.without(Contents(store).read(shipment, stage)[1])
    return {*shipment.texts, *shipment.files}


def of(folder: Path, text: str = RUN, name: str = "score.py", **options: object) -> Shipment:
    fill(folder, {name: text})
    return shipment_of(script_from_file(folder / name), folder / "home", **options)  # type: ignore[arg-type]


def test_a_scripts_folder_without_secrets_environments_and_caches(tmp_path: Path) -> None:
    found = of(fill(tmp_path / "app", FOLDER))
    assert names(found, tmp_path / "store") == ALWAYS | {"old.pyc", "id_rsa.pub"}
    told = found.without(Contents(tmp_path / "store").read(found, tmp_path / "stage")[1]).sentence()
    assert told.startswith("ships 6 files, ")
    assert all(why in told for why in ("hidden files", "keys", "environments (conda, venv)", "caches", "checkpoints"))


@pytest.mark.parametrize(
    ("rules", "left_out"),
    [
        ("*.csv\n", {"ref.csv"}),
        ("*.csv\n!ref.csv\n", set()),
        ("/labels.txt\n", set()),
        ("labels.txt\n", {"data/deep/labels.txt"}),
        ("data/\n!data/deep/labels.txt\n", {"data/deep/labels.txt"}),
        ("data/*\n!data/deep/\n", set()),
        ("data/**/labels.txt\n", {"data/deep/labels.txt"}),
        ("# a comment\n\n*.json\n", {"swagger2.json"}),
        ("/data\n", {"data/deep/labels.txt"}),
        ("ref.csv/\n", set()),
        ("re[e-f].cs?\n", {"ref.csv"}),
        ("\ufeff*.csv\r\n", {"ref.csv"}),
    ],
)
@pytest.mark.parametrize("name", [".amlignore", ".gitignore"])
def test_ignore_files_are_read_as_git_does(tmp_path: Path, name: str, rules: str, left_out: set[str]) -> None:
    folder = fill(tmp_path, {file: FOLDER[file] for file in ALWAYS} | {name: rules})
    assert names(of(folder)) == ALWAYS - left_out


def test_amlignore_counts_instead_of_gitignore_and_folders_below_have_their_own(tmp_path: Path) -> None:
    files = {file: FOLDER[file] for file in ALWAYS}
    folder = fill(tmp_path, {**files, ".gitignore": "*.csv\n", "data/.gitignore": "*.txt\n!labels.txt\n"})
    assert names(of(folder)) == ALWAYS - {"ref.csv"}
    fill(folder, {".amlignore": "*.json\n", "data/.amlignore": "*.txt\n"})
    assert names(of(folder)) == ALWAYS - {"swagger2.json", "data/deep/labels.txt"}


def test_the_script_itself_and_what_it_imports_ship_whatever_is_ignored(tmp_path: Path) -> None:
    folder = fill(tmp_path, {".amlignore": "*\n", "helper.py": "", "unused.py": ""})
    assert names(of(folder, f"import helper\n{RUN}")) == {"score.py", "helper.py"}


OPENED = {
    'open("x/a.bin")': "x/a.bin",
    'open("./x/a.bin")': "x/a.bin",
    'NAME = "x/a.bin"\nopen(NAME)': "x/a.bin",
    'import os\nopen(os.path.join(os.path.dirname(__file__), "x", "a.bin"))': "x/a.bin",
    'from pathlib import Path\nopen(Path(__file__).parent / "x" / "a.bin")': "x/a.bin",
    'from pathlib import Path\nPath(__file__).with_name("b.bin").read_text()': "b.bin",
    'from pathlib import Path\nHERE = Path(__file__).resolve().parent\n(HERE / "x").joinpath("a.bin")': "x/a.bin",
    'for name in ("x/a.bin", "b.bin"):\n    open(name)': "x/a.bin",
    'open("./source_directory/x/a.bin")': "x/a.bin",
    'open("app/x/a.bin")': "x/a.bin",
    'import os\nos.listdir("x")': "x/a.bin",
    'import pandas as pd\npd.read_csv("b.bin")': "b.bin",
    'load_dotenv = print\nload_dotenv(".env")': ".env",
    'open("server.pem")': "server.pem",
}


@pytest.mark.parametrize("text", OPENED)
def test_what_the_script_opens_by_a_literal_path_ships_all_the_same(tmp_path: Path, text: str) -> None:
    files = {".gitignore": "*.bin\n", "x/a.bin": "", "b.bin": "", ".env": "", "server.pem": KEY}
    folder = fill(tmp_path / "app", files)
    assert OPENED[text] in names(of(folder, f"{text}\n{RUN}"), tmp_path / "store")


@pytest.mark.parametrize(
    "text",
    [
        'import os\nos.path.exists("b.bin"), os.path.isfile(".env")',
        'import os\n[os.path.exists(name) for name in ("b.bin", ".env", "id_rsa")]',
        'x = {"b.bin": 1}["b.bin"] == "b.bin"',
        'import os\nopen(os.path.join(os.environ["AZUREML_MODEL_DIR"], "b.bin"))',
        'import os\nroot = os.getenv("AZUREML_MODEL_DIR")\npath = os.path.join(root, "b.bin")\nopen(path)',
        'import os\nroot = os.getenv("AZUREML_MODEL_DIR")\nopen(os.path.join(root, "b.bin"))',
        'from pathlib import Path\nimport os\nopen(Path(os.environ["AZUREML_MODEL_DIR"]) / "b.bin")',
        "open('../b.bin'), open('/b.bin'), open('')",
    ],
)
def test_what_is_only_mentioned_or_belongs_to_the_model_opens_nothing(tmp_path: Path, text: str) -> None:
    folder = fill(tmp_path / "app", {".gitignore": "*.bin\n", "b.bin": "", ".env": "", "id_rsa": KEY})
    assert names(of(folder, f"{text}\n{RUN}")) == {"score.py"}
    assert names(shipment_of(cell(f"{text}\n{RUN}", folder), tmp_path)) == {"__score_script__.py"}


def test_a_cell_brings_what_it_imports_and_opens(tmp_path: Path) -> None:
    files = {"helper.py": 'X = open("labels.txt")', "labels.txt": "", "dyn.py": "", "big.csv": "", "needed.py": ""}
    text = f'import helper, importlib\nimportlib.import_module("dyn")\n{RUN}'
    found = shipment_of(cell(text, fill(tmp_path, files)), tmp_path / "home", modules=["needed", "sklearn.tree"])
    assert names(found) == {"__score_script__.py", "helper.py", "labels.txt", "dyn.py", "needed.py"}


def test_a_script_in_a_package_brings_the_package(tmp_path: Path) -> None:
    package = {"pkg/__init__.py": "", "pkg/scoring/__init__.py": "", "pkg/util.py": "X = 1", "pkg/t.csv": ""}
    folder = fill(tmp_path, {**package, "elsewhere.txt": "", "beside.py": "", "root.json": ""})
    text = f"from pkg.util import X\nimport beside\nopen('root.json')\n{RUN}"
    found = of(folder, text, "pkg/scoring/score.py")
    assert names(found) == {*package, "pkg/scoring/score.py", "beside.py", "root.json"}
    assert (found.entry, found.cwd, found.modules) == ("pkg/scoring/score.py", "", {"pkg", "beside"})
    assert of(folder, RUN, "pkg/scoring/score.py").cwd == "pkg/scoring"


def test_a_folder_that_is_named_ships_whole(tmp_path: Path) -> None:
    files = {file: FOLDER[file] for file in ALWAYS} | {".gitignore": "*\n", "src/run.py": RUN, ".env": ""}
    folder = fill(tmp_path / "app", files)
    found = of(folder, RUN, "src/run.py", source=str(folder))
    assert names(found) == {*ALWAYS, "src/run.py"}
    assert (found.entry, found.cwd, found.source) == ("src/run.py", "", "app")
    with pytest.raises(UsageProblem, match="is not in the source folder") as caught:
        of(folder, RUN, source=str(folder / "src"))
    assert "--source default" in caught.value.hint


def test_odd_files_do_not_stop_it(tmp_path: Path) -> None:
    folder = fill(tmp_path / "app", {"real/x.txt": "x"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "y.txt").write_text("y")
    (folder / "link").symlink_to("real")
    (folder / "out").symlink_to(tmp_path / "out")
    (folder / "loop").symlink_to(folder)
    (folder / "broken").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(folder / "socket"))
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).write_text("latin")
    found = of(folder)
    assert names(found, tmp_path / "s") == {"score.py", "real/x.txt", "link/x.txt", "out/y.txt", "caf\udce9.txt"}
    assert {"broken links", "sockets, pipes and devices", "links to a folder above"} == set(found.left_out)


def test_too_much_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path, {f"f{number}": "x" for number in range(20)})
    monkeypatch.setattr(walking, "MOST_FILES", 10)
    with pytest.raises(TooMuchToShip, match="more than 10 files") as caught:
        of(folder)
    assert all(word in caught.value.hint for word in ("--yes", "large=True", ".amlignore", "--source DIR"))
    assert len(names(of(folder, large=True))) == 21
    monkeypatch.undo()
    with (folder / "f0").open("wb") as file:
        file.truncate(walking.MOST_BYTES + 1)
    with pytest.raises(TooMuchToShip, match=r"100 MB in .* files \(largest: f0 with 100 MB"):
        of(folder)


def test_a_tree_without_end_is_not_walked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "_MOST_SEEN", 30)
    folder = fill(tmp_path, {f"d{number}/{other}.tmp": "" for number in range(9) for other in range(9)})
    with pytest.raises(TooMuchToShip):
        of(fill(folder, {".gitignore": "*.tmp\n"}))


class TestContents:
    """The store that bundles have links to."""

    @pytest.fixture
    def stage(self, tmp_path: Path) -> Path:
        (tmp_path / "stage").mkdir()
        return tmp_path / "stage"

    @pytest.fixture
    def store(self, tmp_path: Path) -> Contents:
        return Contents(tmp_path / "store")

    @pytest.fixture
    def app(self, tmp_path: Path) -> Path:
        return fill(tmp_path / "app", {"a.txt": "same", "b.txt": "same", "c.txt": "other"})

    def test_a_tree_that_is_unchanged_is_not_read_again(self, app: Path, stage: Path, store: Contents) -> None:
        later = Path(app / "c.txt").stat().st_ctime_ns + 10**9
        first, _ = store.read(of(app), stage, lambda: later)
        assert first["a.txt"].key == first["b.txt"].key != first["c.txt"].key
        made = set(stage.iterdir())
        assert store.read(of(app), stage, lambda: later) == (first, {})
        assert set(stage.iterdir()) == made
        (app / "c.txt").write_text("OTHER")
        assert store.read(of(app), stage, lambda: later)[0]["c.txt"] != first["c.txt"]
        assert len(set(stage.iterdir()) - made) == 1

    def test_a_file_that_was_just_written_is_read_again(self, app: Path, stage: Path, store: Contents) -> None:
        store.read(of(app), stage, lambda: Path(app / "c.txt").stat().st_ctime_ns)
        made = len(list(stage.iterdir()))
        store.read(of(app), stage)
        assert len(list(stage.iterdir())) > made

    def test_what_no_bundle_has_is_swept(self, app: Path, stage: Path, store: Contents, tmp_path: Path) -> None:
        shipment = of(app)
        found, _ = store.read(shipment, stage)
        store.place(found["c.txt"], str(app / "c.txt"), str(tmp_path / "placed"))
        for path in stage.iterdir():
            path.unlink()
        store.sweep()
        assert not list(store.unused())
        assert (tmp_path / "placed").stat().st_nlink == 2
        # Gone meanwhile: it is copied from the user's file.
        store.place(found["a.txt"], str(app / "a.txt"), str(tmp_path / "again"))
        assert (tmp_path / "again").read_text() == "same"
        assert not os.access(tmp_path / "again", os.X_OK)

    def test_a_program_stays_one(self, app: Path, stage: Path, store: Contents, tmp_path: Path) -> None:
        (app / "c.txt").chmod(0o755)
        found, _ = store.read(of(app), stage)
        store.place(found["c.txt"], str(app / "c.txt"), str(tmp_path / "placed"))
        assert (tmp_path / "placed").stat().st_mode & 0o777 == 0o555


def test_a_script_without_a_folder() -> None:
    assert names(shipment_of(Script("image", RUN, ""), Path("/nowhere"))) == {"__score_script__.py"}
