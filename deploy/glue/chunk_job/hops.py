"""Columns that came from a source table as they are, compared before and after the transform.

As engine/transform/hop-checks.ts for the embedded engine, whose reasons hold here too; but the rows are hashed by their
canonical text on both sides.
"""

from pyspark.sql.functions import expr

from .checksum import EMPTY, difference, row_hash, set_checksum
from .errors import JobError
from .join_checks import check_fanout
from .joins import ROW_ID, WINDOW, from_clause, qualified, table_as
from .types import quoted, spark_type
from .windows import by_window


def check(spark, transform, columns, written, folded, windows):
    """Of each of so many windows the hop of the left table and those of the joined ones, all equal.

    Else JOIN_FANOUT or CHECKSUM_TRANSFORM. `written` has the columns and WINDOW.
    """
    sides = [_left_side(transform, columns, folded), *_right_sides(transform, columns, folded)]
    left = transform["left"]["alias"]
    expected = [_expected(spark, side, left) for side in sides]
    actual = _output_checksums(written, sides)
    checked = []
    for number in range(windows):
        hops = [
            {**side["hop"], "expected": before.get(number, EMPTY), "actual": after.get(number, EMPTY)}
            for side, before, after in zip(sides, expected, actual)
        ]
        wrong = next((hop for hop in hops if hop["expected"] != hop["actual"]), None)
        if wrong is not None:
            if wrong is hops[0]:
                check_fanout(spark, transform, folded)
            raise _error(wrong)
        checked.append((hops[0], hops[1:]))
    return checked


def _left_side(transform, columns, folded):
    """Every left row must be there once; behind an INNER join, every matched one."""
    use = transform["left"]
    row = qualified(use["alias"], ROW_ID)
    inner = any(join["type"] == "INNER" for join in transform["joins"])
    matched = f" WHERE {row} IN (SELECT {row} {from_clause(transform, folded)})" if inner else ""
    return _side(use, _carried(transform, columns, use), f"FROM {table_as(use)}{matched}")


def _right_sides(transform, columns, folded):
    """Joined tables of which a column came out: on matched rows, where a join column tells them."""
    for index, use in enumerate(transform["joins"]):
        carried = _carried(transform, columns, use)
        if not carried:
            continue
        keys = [key["right"] for key in use["keys"]]
        key = next((column for column, origin in carried if origin in keys), None)
        if key is None:
            yield _side(use, carried, from_clause(transform, folded))
        else:
            matched = f"{quoted(key['name'])} IS NOT NULL"
            yield _side(use, carried, from_clause(transform, folded, inner=index), matched)


def _side(use, carried, source, matched="true"):
    """`source` is `FROM … WHERE …` over the raw views; `matched` a condition on the output."""
    hop = {"table": use["table"], "alias": use["alias"], "columns": [column["name"] for column, _ in carried]}
    return {"hop": hop, "carried": carried, "from": source, "matched": matched}


def _carried(transform, columns, use):
    """Target columns that are a column of the table as it is, with its name there."""
    outputs = {output["name"].lower(): output.get("from") for output in transform["outputs"]}
    origins = [(column, outputs.get(column["name"].lower())) for column in columns]
    return [(column, origin["column"]) for column, origin in origins if origin and origin["alias"] == use["alias"]]


def _expected(spark, side, left):
    alias = side["hop"]["alias"]
    fields = [
        # In the target's types, so that both sides hash the same values.
        (column["type"], f"CAST({qualified(alias, origin)} AS {spark_type(column['type'])})")
        for column, origin in side["carried"]
    ]
    window = f"{qualified(left, WINDOW)} AS {quoted(WINDOW)}"
    return by_window(spark.sql(f"SELECT {window}, {_hash(fields)} AS hash {side['from']}"))


def _output_checksums(written, sides):
    """Of all sides by window, in one reading of the parts."""
    hashes = [
        f"{_hash([(column['type'], quoted(column['name'])) for column, _ in side['carried']])} AS hash{index}"
        for index, side in enumerate(sides)
    ]
    matched = [f"{side['matched']} AS matched{index}" for index, side in enumerate(sides)]
    sums = [
        expr(f"{aggregate} FILTER (WHERE matched{index}) AS {name}{index}")
        for index, _ in enumerate(sides)
        for aggregate, name in (("count(*)", "rows"), (f"sum(hash{index})", "sum"))
    ]
    found = written.selectExpr(quoted(WINDOW), *hashes, *matched).groupBy(WINDOW).agg(*sums).collect()
    return [
        {group[WINDOW]: set_checksum(group[f"rows{index}"], group[f"sum{index}"]) for group in found}
        for index, _ in enumerate(sides)
    ]


def _hash(fields):
    """Where no column came out as it is, only rows are left to be counted."""
    return row_hash(fields) if fields else "CAST(0 AS DECIMAL(20,0))"


def _error(hop):
    text = difference(hop["expected"], hop["actual"], f"raw {hop['table']}", "the transformed parts")
    return JobError("CHECKSUM_TRANSFORM", f"{text}. Report this with the transform file.")
