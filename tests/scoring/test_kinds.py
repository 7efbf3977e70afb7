"""What columns of texts hold: never more than all of their cells say."""

from __future__ import annotations

import pytest

from jupyter_deploy.scoring.kinds import Column, Kind, Misread, kept_as, kind_of_schema, reader


def kind_of(*cells: str) -> Kind:
    column = Column()
    for cell in cells:
        column.take_text(cell)
    return column.kind


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (("1", "-20", ""), Kind.INTEGER),
        (("1", "00123"), Kind.TEXT),
        (("00123", "1"), Kind.TEXT),
        (("1", "2.5", "1e-05", "NaN"), Kind.NUMBER),
        (("12e4", "3"), Kind.TEXT),
        (("+49", "3"), Kind.TEXT),
        (("1", "2,5"), Kind.TEXT),
        (("-0", "1"), Kind.NUMBER),
        (("inf", "1"), Kind.NUMBER),
        (("true", "False", "NA"), Kind.BOOLEAN),
        (("true", "1"), Kind.TEXT),
        (("NA", "None"), Kind.TEXT),
        (("NA", "DE"), Kind.TEXT),
        (("", ""), Kind.EMPTY),
        (("2020-01-01",), Kind.TEXT),
        (("١٢",), Kind.TEXT),
        ((" 1",), Kind.TEXT),
    ],
)
def test_a_kind_holds_every_cell(cells: tuple[str, ...], kind: Kind) -> None:
    assert kind_of(*cells) is kind
    assert kind_of(*reversed(cells)) is kind


def test_values_with_types() -> None:
    for values, kind in (
        ((1, None, 2.5), Kind.NUMBER),
        ((True, None), Kind.BOOLEAN),
        ((True, 1), Kind.JSON),
        (("a", 1), Kind.JSON),
        (([1], None), Kind.JSON),
        ((None,), Kind.EMPTY),
    ):
        column = Column()
        for value in values:
            column.take(value)
        assert (column.kind, column.wide) == (kind, False)
    large = Column()
    large.take(1 << 63)
    assert large.wide


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        (Kind.TEXT, "00123", "00123"),
        (Kind.TEXT, "NA", "NA"),
        (Kind.TEXT, "", None),
        (Kind.INTEGER, "00123", 123),
        (Kind.INTEGER, "5.0", 5),
        (Kind.INTEGER, "NaN", None),
        (Kind.INTEGER, str(10**30), 10**30),
        (Kind.NUMBER, "12345678901234567891", 12345678901234567891),
        (Kind.NUMBER, "1.50", 1.5),
        (Kind.NUMBER, "true", True),
        (Kind.BOOLEAN, "0", False),
        (Kind.BOOLEAN, "TRUE", True),
        (Kind.JSON, '{"a": [1]}', {"a": [1]}),
    ],
)
def test_a_cell_is_read_exactly(kind: Kind, cell: str, value: object) -> None:
    found = reader(kind)(cell)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        (Kind.INTEGER, "5.5"),
        (Kind.INTEGER, "1e400"),
        (Kind.INTEGER, "x"),
        (Kind.INTEGER, "9" * 5000),
        (Kind.NUMBER, "inf"),
        (Kind.NUMBER, "1e400"),
        (Kind.NUMBER, "1,5"),
        (Kind.NUMBER, "1_000"),
        (Kind.INTEGER, "1_000.0"),
        (Kind.NUMBER, "١.٥"),
        (Kind.BOOLEAN, "yes"),
        (Kind.JSON, "{"),
    ],
)
def test_a_cell_that_does_not_fit_is_refused(kind: Kind, cell: str) -> None:
    with pytest.raises(Misread):
        reader(kind)(cell)


def test_the_schema_decides_where_it_holds_all_cells() -> None:
    assert kind_of_schema({"type": ["integer", "null"]}) is Kind.INTEGER
    assert kind_of_schema({}) is None
    assert kept_as(Kind.TEXT, Kind.INTEGER) is Kind.TEXT
    assert kept_as(Kind.NUMBER, Kind.INTEGER) is Kind.NUMBER
    assert kept_as(Kind.INTEGER, Kind.TEXT) is Kind.TEXT
    assert kept_as(None, Kind.BOOLEAN) is Kind.BOOLEAN
