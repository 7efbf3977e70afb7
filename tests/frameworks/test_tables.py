"""Models of tables with categories, texts and missing values: they answer as their libraries do, examples included."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from jupyter_deploy.frameworks import framework_of, requirements_of
from jupyter_deploy.frameworks.files import look
from jupyter_deploy.serving.modes import BadInput
from jupyter_deploy.serving.nocode import ServedModel
from jupyter_deploy.store import TreeWriter

NUMBERS = np.random.default_rng(3)
TABLE = pd.DataFrame(
    {
        "age": NUMBERS.normal(40, 10, 120),
        "city": pd.Categorical(NUMBERS.choice(["Rome", "Bern", "Oslo"], 120)),
        "grade": pd.Categorical(NUMBERS.choice([10, 20, 30], 120)),
        "flag": NUMBERS.choice([True, False], 120),
    }
)
LABELS = ((TABLE["city"] == "Rome") ^ (TABLE["grade"].astype(int) > 10)).astype(int)
PLAIN = TABLE.astype({"city": str, "grade": int})
GONE = PLAIN.assign(city=PLAIN["city"].where(PLAIN.index % 5 > 0), age=PLAIN["age"].where(PLAIN.index % 3 > 0))


def served(model: object, folder: Path) -> ServedModel:
    framework = framework_of(model)
    framework.save(model, TreeWriter(folder).open)
    found = ServedModel(framework.NAME)
    found.load(str(folder))
    return found


def answer(model: ServedModel, body: Any) -> Any:
    (found,) = model.answers([json.dumps(body)])
    if isinstance(found, BaseException):
        raise found
    return found


def records(table: pd.DataFrame) -> dict[str, Any]:
    return {"data": json.loads(table.to_json(orient="records", double_precision=15))}


def check(found: ServedModel, expected: Any, table: pd.DataFrame = TABLE) -> dict[str, Any]:
    """Compare with what the library says of the same rows, of one row too; return the example, which is answered."""
    np.testing.assert_allclose(answer(found, records(table[:9])), expected[:9], rtol=1e-5)
    np.testing.assert_allclose(answer(found, records(table[:1])), expected[:1], rtol=1e-5)
    example: dict[str, Any] = found.schemas()["input"]["example"]
    assert len(answer(found, example)) == 1
    return example


def test_categories_of_lightgbm_are_texts_and_numbers(tmp_path: Path) -> None:
    model = lightgbm.LGBMClassifier(n_estimators=4, verbose=-1, num_threads=1).fit(TABLE, LABELS)
    example = check(served(model, tmp_path / "estimator"), model.predict_proba(TABLE))
    assert example["data"][0]["city"] == "Bern"
    booster = served(model.booster_, tmp_path / "booster")
    check(booster, model.booster_.predict(TABLE))
    with pytest.raises(BadInput, match="column 'age': could not convert string to float: 'old'"):
        answer(booster, {"data": [["old", "Rome", 10, True]]})


def test_categories_of_xgboost_are_texts_and_numbers(tmp_path: Path) -> None:
    model = xgboost.XGBClassifier(n_estimators=4, enable_categorical=True, n_jobs=1).fit(TABLE, LABELS)
    found = served(model, tmp_path / "estimator")
    example = check(found, model.predict_proba(TABLE))
    assert example["data"][0]["city"] == "Bern"
    check(served(model.get_booster(), tmp_path / "booster"), model.predict_proba(TABLE)[:, 1])
    unknown = TABLE[:1].assign(city=pd.Categorical([None], categories=TABLE["city"].cat.categories))
    np.testing.assert_allclose(answer(found, records(unknown)), model.predict_proba(unknown), rtol=1e-5)
    with pytest.raises(BadInput, match="column 'city' has no category 'Paris'; it has 'Bern', 'Oslo', 'Rome'"):
        answer(found, {"data": [[40, "Paris", 10, True]]})


def test_categories_that_xgboost_keeps_in_part_are_not_guessed(tmp_path: Path) -> None:
    table = TABLE[["city"]].assign(city=TABLE["city"].cat.rename_categories({"Oslo": "Œslo"}))
    model = xgboost.XGBClassifier(n_estimators=4, enable_categorical=True, n_jobs=1).fit(table, LABELS)
    found, expected = served(model, tmp_path), model.predict_proba(table)
    place = int(np.flatnonzero(table["city"] == "Bern")[0])
    np.testing.assert_allclose(answer(found, {"data": [["Bern"]]})[0], expected[place], rtol=1e-5)
    # Its last letter is not in the model's file.
    with pytest.raises(BadInput, match=r"no category 'Rome'; it has 'Bern' \(XGBoost lost others\)"):
        answer(found, {"data": [["Rome"]]})


@pytest.mark.parametrize("kind", ["columns", "numbers", "categories", "booster"])
def test_a_model_of_a_tables_columns_needs_pandas(tmp_path: Path, kind: str) -> None:
    """Without it, each request of a service with an environment of its own would fail."""
    light = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1, num_threads=1)
    model: Any = {
        "columns": lambda: make_pipeline(encoded(["city"]), LogisticRegression()).fit(GONE, LABELS),
        "numbers": lambda: make_pipeline(StandardScaler(), LogisticRegression()).fit(PLAIN[["grade"]], LABELS),
        "categories": lambda: light.fit(TABLE, LABELS),
        "booster": lambda: light.fit(TABLE, LABELS).booster_,
    }[kind]()
    saved = framework_of(model).save(model, TreeWriter(tmp_path).open)
    names = {line.partition("==")[0] for line in saved.requirements}
    assert ("pandas" in names) is (kind != "numbers")
    lines, _ = requirements_of(look(tmp_path / saved.entry))
    assert any(line.startswith("pandas") for line in lines) is (kind != "numbers")


@pytest.mark.parametrize("ending", ["json", "ubj"])
def test_a_file_of_xgboosts_estimator_needs_scikit_learn(tmp_path: Path, ending: str) -> None:
    model = xgboost.XGBClassifier(n_estimators=2, n_jobs=1).fit(PLAIN[["age"]], LABELS)
    model.save_model(tmp_path / f"estimator.{ending}")
    booster = xgboost.train({}, xgboost.DMatrix(PLAIN[["age"]], LABELS), 2)
    booster.save_model(tmp_path / f"booster.{ending}")
    for name, needed in (("estimator", True), ("booster", False)):
        lines, _ = requirements_of(look(tmp_path / f"{name}.{ending}"))
        assert any(line.startswith("scikit-learn") for line in lines) is needed


LIGHT = {"n_estimators": 3, "verbose": -1, "num_threads": 1}


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(lightgbm.LGBMClassifier(**LIGHT)),
        GridSearchCV(lightgbm.LGBMClassifier(**LIGHT), {"num_leaves": [4, 8]}, cv=2),
        GridSearchCV(Pipeline([("m", lightgbm.LGBMClassifier(**LIGHT))]), {"m__num_leaves": [4]}, cv=2),
        make_pipeline(xgboost.XGBClassifier(n_estimators=3, enable_categorical=True, n_jobs=1)),
        GridSearchCV(
            xgboost.XGBClassifier(n_estimators=3, enable_categorical=True, n_jobs=1), {"max_depth": [2, 3]}, cv=2
        ),
    ],
    ids=["pipeline", "search", "both", "pipeline of xgboost", "search of xgboost"],
)
def test_categories_within_searches_and_pipelines(tmp_path: Path, model: Any) -> None:
    model.fit(TABLE, LABELS)
    assert check(served(model, tmp_path), model.predict_proba(TABLE))["data"][0]["city"] == "Bern"


def test_spaces_in_names_that_lightgbm_replaces(tmp_path: Path) -> None:
    table = TABLE.rename(columns={"age": "my age", "city": "home town"})
    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, num_threads=1).fit(table, LABELS)
    for found, expected in (
        (served(model, tmp_path / "estimator"), model.predict_proba(table)),
        (served(model.booster_, tmp_path / "booster"), model.booster_.predict(table)),
    ):
        check(found, expected, table)
        split = json.loads(table[:3].to_json(orient="split", double_precision=15))
        for body in ({"data": split}, json.loads(table[:3].to_json(orient="columns", double_precision=15))):
            np.testing.assert_allclose(answer(found, body), expected[:3])


def test_the_number_that_stands_for_a_missing_one_is_kept(tmp_path: Path) -> None:
    rows = np.arange(60.0).reshape(-1, 1) % 7
    model = xgboost.XGBRegressor(n_estimators=3, missing=0.0, n_jobs=1).fit(rows, rows[:, 0] % 2)
    found = served(model, tmp_path)
    np.testing.assert_allclose(answer(found, {"data": rows[:9].tolist()}), model.predict(rows[:9]), rtol=1e-5)


def test_codes_of_xgboost_stay_numbers(tmp_path: Path) -> None:
    codes = np.c_[TABLE["age"], TABLE["grade"].cat.codes]
    model = xgboost.XGBClassifier(n_estimators=2, enable_categorical=True, feature_types=["q", "c"], n_jobs=1)
    model.fit(codes, LABELS)
    found = served(model, tmp_path)
    np.testing.assert_allclose(answer(found, {"data": codes[:5].tolist()}), model.predict_proba(codes[:5]), rtol=1e-5)


def test_what_catboost_refuses_is_the_clients_fault(tmp_path: Path) -> None:
    model = catboost.CatBoostClassifier(
        iterations=3, verbose=0, allow_writing_files=False, cat_features=["city", "grade"], thread_count=1
    ).fit(PLAIN, LABELS)
    found = served(model, tmp_path)
    check(found, model.predict_proba(PLAIN), PLAIN)
    for row, message in (([40, None, 10, True], "cat_feature"), (["old", "Rome", 10, True], "Cannot convert 'old'")):
        with pytest.raises(BadInput, match=message):
            answer(found, {"data": [row]})


@pytest.mark.parametrize("loss", ["RMSE", "Poisson", "Tweedie:variance_power=1.5", "Quantile", "RMSEWithUncertainty"])
def test_catboost_predicts_by_its_loss(tmp_path: Path, loss: str) -> None:
    model = catboost.CatBoostRegressor(
        iterations=3,
        verbose=0,
        allow_writing_files=False,
        cat_features=["city", "grade"],
        thread_count=1,
        loss_function=loss,
    ).fit(PLAIN, LABELS + 1.0)
    found = served(model, tmp_path)
    check(found, model.predict(PLAIN), PLAIN)
    assert [one.dtype for one in found.offered] == ["float64"]


def test_catboost_within_a_pipeline(tmp_path: Path) -> None:
    model = make_pipeline(
        catboost.CatBoostClassifier(
            iterations=3, verbose=0, allow_writing_files=False, cat_features=["city", "grade"], thread_count=1
        )
    ).fit(PLAIN, LABELS)
    check(served(model, tmp_path), model.predict_proba(PLAIN), PLAIN)


def test_texts_of_catboost_have_an_example(tmp_path: Path) -> None:
    table = pd.DataFrame({"note": ["good day", "bad night"] * 40, "size": range(80)})
    model = catboost.CatBoostRegressor(
        iterations=2, verbose=0, allow_writing_files=False, text_features=["note"], thread_count=1
    ).fit(table, list(range(80)))
    check(served(model, tmp_path), model.predict(table), table)


def encoded(columns: Any) -> ColumnTransformer:
    """Encode texts where what is missing is filled in first, as most do."""
    texts = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return ColumnTransformer([("numbers", numbers, ["age"]), ("texts", texts, columns)], remainder="passthrough")


MODELS: list[Callable[[], Any]] = [
    lambda: make_pipeline(encoded(["city"]), LogisticRegression()),
    lambda: make_pipeline(encoded(make_column_selector(dtype_include=["str", "object"])), LogisticRegression()),
    lambda: make_pipeline(encoded(slice("city", "city")), LogisticRegression()),
    lambda: make_pipeline(encoded([1]), LogisticRegression()),
    lambda: make_pipeline(encoded([False, True, False, False]), LogisticRegression()),
    lambda: GridSearchCV(
        Pipeline([("encoded", encoded(["city"])), ("model", LogisticRegression())]), {"model__C": [1, 2]}, cv=2
    ),
    lambda: CalibratedClassifierCV(make_pipeline(encoded(["city"]), LogisticRegression()), cv=2),
    lambda: VotingClassifier([("one", make_pipeline(encoded(["city"]), LogisticRegression()))], voting="soft"),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", MODELS)
def test_texts_are_found_behind_other_steps(tmp_path: Path, make: Callable[[], Any]) -> None:
    model = make().fit(GONE, LABELS)
    found = served(model, tmp_path)
    example = check(found, model.predict_proba(GONE), GONE)
    assert example["data"][0]["city"] in {"Bern", "Rome", "Oslo"}
    columns = found.schemas()["input"]["properties"]["data"]["items"]["properties"]
    assert (columns["city"], columns["age"]) == ({"type": "string"}, {"type": "number"})
    assert {one.name: one.dtype for one in found.taken} == {
        "age": "float64",
        "city": "str",
        "grade": "float64",
        "flag": "float64",
    }


@pytest.mark.parametrize("named", [True, False])
def test_categories_of_gradient_boosting_have_an_example(tmp_path: Path, named: bool) -> None:
    chosen: Any = ["city", "grade"] if named else "from_dtype"
    model = HistGradientBoostingClassifier(categorical_features=chosen, min_samples_leaf=2, max_iter=3)
    model.fit(TABLE, LABELS)
    assert check(served(model, tmp_path), model.predict_proba(TABLE))["data"][0]["city"] == "Bern"


@pytest.mark.parametrize("value", [None, "Bern"])
def test_what_is_missing_in_json_is_missing_in_the_table(tmp_path: Path, value: str | None) -> None:
    kinds = make_column_transformer((OrdinalEncoder(encoded_missing_value=-1), ["city"]), remainder="passthrough")
    table = GONE[["city", "age"]].fillna({"age": 1.0})
    model = make_pipeline(kinds, LogisticRegression()).fit(table, LABELS)
    row = pd.DataFrame({"city": pd.Series([value], dtype=table["city"].dtype), "age": [1.0]})
    np.testing.assert_allclose(
        answer(served(model, tmp_path), {"data": [[value, 1.0]]}), model.predict_proba(row), rtol=1e-6
    )


NOTES = ["buy now", "hi bob", "cheap pills", "a meeting"]


@pytest.mark.parametrize(
    "first",
    [CountVectorizer(), HashingVectorizer(n_features=16), FeatureUnion([("words", TfidfVectorizer())])],
    ids=["words", "hashes", "union"],
)
def test_a_model_of_texts_takes_texts_alone(tmp_path: Path, first: Any) -> None:
    model = make_pipeline(first, LogisticRegression()).fit(NOTES, [1, 0, 1, 0])
    found = served(model, tmp_path)
    expected = model.predict_proba(NOTES)
    columns = {"columns": ["note"], "data": [[note] for note in NOTES]}
    for body in (NOTES, [[note] for note in NOTES], columns, [{"note": note} for note in NOTES]):
        np.testing.assert_allclose(answer(found, {"data": body}), expected)
    assert len(answer(found, found.schemas()["input"]["example"])) == 1
    for row, kind in ((1, "a number"), (None, "null"), (["a", "b"], "a list"), ([2], "a number")):
        with pytest.raises(BadInput, match=f"row 1 is {kind}, not a text"):
            answer(found, {"data": ["fine", row]})


def test_a_column_of_texts_has_an_example(tmp_path: Path) -> None:
    table = pd.DataFrame({"note": NOTES, "size": [1.0, 2.0, 3.0, 4.0]})
    words = make_column_transformer((TfidfVectorizer(), "note"), remainder="passthrough")
    model = make_pipeline(words, LogisticRegression()).fit(table, [1, 0, 1, 0])
    assert check(served(model, tmp_path), model.predict_proba(table), table) == {
        "data": [{"note": "text", "size": 0.0}]
    }


def test_a_large_whole_number_stays_the_same_beside_a_fraction(tmp_path: Path) -> None:
    ids = [2**53 + 1, 2**53 + 3, 2**53 + 5, 2**53 + 7]
    table = pd.DataFrame({"id": ids, "size": [0.5, 1.5, 2.5, 3.5]})
    kinds = make_column_transformer((OneHotEncoder(), ["id"]), remainder="passthrough")
    model = make_pipeline(kinds, LogisticRegression(C=100)).fit(table, [1, 0, 1, 0])
    found = served(model, tmp_path)
    np.testing.assert_allclose(answer(found, {"data": table.to_numpy(object).tolist()}), model.predict_proba(table))
    with pytest.raises(BadInput, match="the column 'id' is there twice"):
        answer(found, {"data": {"columns": ["id", "size", "id"], "data": [[1, 0.5, 2]]}})
