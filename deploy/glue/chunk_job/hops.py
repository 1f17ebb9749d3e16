"""Columns that came from a source table as they are, compared before and after the transform.

As engine/transform/hop-checks.ts for the embedded engine, whose reasons hold here too; but the rows are hashed by their
canonical text on both sides.
"""

from .checksum import difference, row_hash, set_checksum
from .errors import JobError
from .join_checks import check_fanout
from .joins import ROW_ID, from_clause, qualified, table_as
from .types import quoted, spark_type


def check(spark, transform, columns, written, folded):
    """The hop of the left table and those of the joined ones, all equal; else JOIN_FANOUT or CHECKSUM_TRANSFORM."""
    sides = [_left_side(transform, columns, folded), *_right_sides(transform, columns, folded)]
    actuals = _output_checksums(written, sides)
    hops = []
    for side, actual in zip(sides, actuals):
        hop = {**side["hop"], "expected": _expected(spark, side), "actual": actual}
        if hop["expected"] != actual:
            if not hops:
                check_fanout(spark, transform, folded)
            raise _error(hop)
        hops.append(hop)
    return hops[0], hops[1:]


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


def _expected(spark, side):
    alias = side["hop"]["alias"]
    fields = [
        # In the target's types, so that both sides hash the same values.
        (column["type"], f"CAST({qualified(alias, origin)} AS {spark_type(column['type'])})")
        for column, origin in side["carried"]
    ]
    rows = spark.sql(f"SELECT {_hash(fields)} AS hash {side['from']}")
    return set_checksum(*rows.selectExpr("count(*)", "sum(hash)").first())


def _output_checksums(written, sides):
    """Of all sides, in one reading of the parts."""
    hashes = [
        f"{_hash([(column['type'], quoted(column['name'])) for column, _ in side['carried']])} AS hash{index}"
        for index, side in enumerate(sides)
    ]
    matched = [f"{side['matched']} AS matched{index}" for index, side in enumerate(sides)]
    sums = [
        f"{aggregate} FILTER (WHERE matched{index})"
        for index, _ in enumerate(sides)
        for aggregate in ("count(*)", f"sum(hash{index})")
    ]
    found = written.selectExpr(*hashes, *matched).selectExpr(*sums).first()
    return [set_checksum(found[2 * index], found[2 * index + 1]) for index, _ in enumerate(sides)]


def _hash(fields):
    """Where no column came out as it is, only rows are left to be counted."""
    return row_hash(fields) if fields else "CAST(0 AS DECIMAL(20,0))"


def _error(hop):
    text = difference(hop["expected"], hop["actual"], f"raw {hop['table']}", "the transformed parts")
    return JobError("CHECKSUM_TRANSFORM", f"{text}. Report this with the transform file.")
