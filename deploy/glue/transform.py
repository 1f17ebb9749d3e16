"""Raw -> transformed, as a Glue job: joins and reshapes the raw parts of one window, by whichever engine they were made."""

from pyspark.sql.functions import expr

from chunk_job import checksum, hops, job, joins, parts
from chunk_job.errors import JobError
from chunk_job.join_checks import check_collation
from chunk_job.types import quoted, spark_type


def transform(spark, request):
    """What was written, and the proof that the sources' rows came through."""
    plan, columns = request["transform"], request["columns"]
    choice = request.get("joinKeys")
    folded = choice == "casefold_rtrim"
    for source in request["sources"]:
        _create_view(spark, source)
    mismatches = check_collation(spark, plan, choice)
    values = [f"CAST({quoted(c['name'])} AS {spark_type(c['type'])}) AS {quoted(c['name'])}" for c in columns]
    # On lines of their own: the file's text may end in a comment.
    joined = f"{plan['select']}\n{joins.from_clause(plan, folded)}"
    rows = spark.sql(f"SELECT {', '.join(values)} FROM (\n{joined})")
    written = parts.write(spark, rows, request)
    output = parts.read(spark, {"bucket": request["output"]["bucket"], "parts": written["parts"], "columns": columns})
    left, rights = hops.check(spark, plan, columns, output, folded)
    left_rows = next(s["checksum"]["rows"] for s in request["sources"] if s["table"] == left["table"])
    unmatched = left_rows - left["expected"]["rows"]
    return {**written, "left": left, "rights": rights, "unmatchedLeft": unmatched, "joinMismatches": mismatches}


def _create_view(spark, source):
    """Makes a source table readable by its name, and proves that its parts are those of their manifest."""
    rows = parts.read(spark, source)
    hashes = rows.select(expr(checksum.row_hash_of(source["columns"])).alias("hash"))
    found = checksum.set_checksum(*hashes.selectExpr("count(*)", "sum(hash)").first())
    if found != source["checksum"]:
        text = checksum.difference(source["checksum"], found, "the manifest", "its raw parts")
        raise JobError("CHECKSUM_EXPORT", f"Raw {source['table']}: {text}. Restart this window.")
    row = "concat_ws(':', _metadata.row_index, _metadata.file_path)" if source["parts"] else "''"
    rows.select("*", expr(row).alias(joins.ROW_ID)).createOrReplaceTempView(quoted(source["table"]))


if __name__ == "__main__":
    job.run("transform", "TRANSFORM_FAILED", transform)
