"""Raw -> transformed, as a Glue job: joins and reshapes raw parts, by whichever engine they were made.

Of one window, or of many at once: then a left row finds its match in any of them, and what comes out of it belongs to
the window that the left row is from.
"""

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql.functions import expr

from chunk_job import checksum, hops, job, joins, windows
from chunk_job.errors import JobError
from chunk_job.join_checks import check_collation
from chunk_job.joins import WINDOW
from chunk_job.types import quoted, spark_type


def transform(spark, request):
    """Of each window what was written, and the proof that the sources' rows came through."""
    plan, columns, count = request["transform"], request["columns"], len(request["windows"])
    choice = request.get("joinKeys")
    folded = choice == "casefold_rtrim"
    _create_views(spark, request["sources"])
    mismatches = check_collation(spark, plan, choice)
    written = windows.write(spark, _transformed(spark, plan, columns, folded, count), request)
    parts = [{"window": number, "parts": made["parts"]} for number, made in enumerate(written)]
    output = windows.read(spark, {"bucket": request["output"]["bucket"], "columns": columns, "windows": parts})
    checked = hops.check(spark, plan, columns, output, folded, count)
    left_rows = _rows_of(request["sources"], plan["left"]["table"])
    outcomes = [
        {
            **made,
            "left": left,
            "rights": rights,
            "unmatchedLeft": left_rows[number] - left["expected"]["rows"],
            "joinMismatches": mismatches[number],
        }
        for number, (made, (left, rights)) in enumerate(zip(written, checked))
    ]
    return {"windows": outcomes}


def _transformed(spark, plan, columns, folded, count):
    """The rows that come out, in the target's types, with WINDOW."""
    values = [f"CAST({quoted(c['name'])} AS {spark_type(c['type'])}) AS {quoted(c['name'])}" for c in columns]
    # A window's rows come together, so that there are not as many files of it as there are tasks.
    hint = f"/*+ REBALANCE({quoted(WINDOW)}) */ " if count > 1 else ""
    window = f"{joins.qualified(plan['left']['alias'], WINDOW)} AS {quoted(WINDOW)}"
    # On lines of their own: the file's text may end in a comment.
    joined = f"{plan['select']}\n, {window}\n{joins.from_clause(plan, folded)}"
    return spark.sql(f"SELECT {hint}{', '.join(values)}, {quoted(WINDOW)} FROM (\n{joined})")


def _create_views(spark, sources):
    """Makes the source tables readable by their names, and proves that their parts are those of their manifests."""
    for table in dict.fromkeys(source["table"] for source in sources):
        frames = [_exported(spark, source) for source in sources if source["table"] == table]
        reduce(DataFrame.unionAll, frames).createOrReplaceTempView(quoted(table))


def _exported(spark, source):
    rows = windows.read(spark, source)
    hashes = expr(checksum.row_hash_of(source["columns"])).alias("hash")
    found = windows.by_window(rows.select(WINDOW, hashes))
    for window in source["windows"]:
        expected, actual = window["checksum"], found.get(window["window"], checksum.EMPTY)
        if expected != actual:
            text = checksum.difference(expected, actual, "the manifest", "its raw parts")
            raise JobError("CHECKSUM_EXPORT", f"Raw {source['table']}: {text}. Restart this window.")
    return rows


def _rows_of(sources, table):
    """Rows of a table by window, as its manifests have them."""
    of_table = [source for source in sources if source["table"] == table]
    return {window["window"]: window["checksum"]["rows"] for source in of_table for window in source["windows"]}


if __name__ == "__main__":
    job.run("transform", "TRANSFORM_FAILED", transform)
