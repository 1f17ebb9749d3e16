"""Source -> raw, as a Glue job: reads one source table of a chunk through JDBC and writes its parts."""

from pyspark.sql import Observation
from pyspark.sql.functions import expr

from chunk_job import checksum, job, parts, source
from chunk_job.errors import JobError


def export(spark, request):
    """What was written, and what the source said of the same rows: in the statements that read them."""
    columns = request["columns"]
    said = Observation("source")
    rows = _observed(source.read(spark, request), said, request)
    written = parts.write(spark, rows, request)
    seen = said.get
    _refuse_unreadable(columns, seen, request["subject"])
    stated = checksum.set_checksum(seen["rows"], seen["sum"])
    if stated != written["checksum"]:
        difference = checksum.difference(stated, written["checksum"], "source", "raw")
        raise JobError("CHECKSUM_EXPORT", f"{request['subject']}: {difference}. Retry the chunk.")
    method = "server" if request["serverHash"] else "reader"
    return {**written, "source": {"checksum": stated, "method": method}}


def _observed(carried, observation, request):
    """The rows as they are written; on their way they are counted, and the hashes of the source added up."""
    columns = list(enumerate(request["columns"]))
    names = [column["name"] for _, column in columns]
    marks = [(f"bad{index}", source.unreadable(index, column)) for index, column in columns]
    marks = [(name, condition) for name, condition in marks if condition]
    given = "CAST(h AS DECIMAL(20,0))" if request["serverHash"] else None
    decoded = carried.selectExpr(
        *(source.decoded(index, column) for index, column in columns),
        *(f"{condition} AS `migrate:{name}`" for name, condition in marks),
        *([f"{given} AS `migrate:hash`"] if given else []),
    )
    if not given:
        decoded = decoded.withColumn("migrate:hash", expr(checksum.row_hash_of(request["columns"])))
    watched = decoded.observe(
        observation,
        expr("count(*) AS rows"),
        expr("sum(`migrate:hash`) AS sum"),
        *(expr(f"count_if(`migrate:{name}`) AS {name}") for name, _ in marks),
    )
    return watched.drop("migrate:hash", *(f"migrate:{name}" for name, _ in marks)).toDF(*names)


def _refuse_unreadable(columns, seen, subject):
    for index, column in enumerate(columns):
        count = seen.get(f"bad{index}", 0)
        if count:
            raise JobError(
                "VALUE_UNREPRESENTABLE",
                f"{subject}: column {column['name']} has {count} texts that are not valid in their encoding, or hold "
                'U+FFFD. Correct them at the source, or export the table with "engine": "embedded".',
            )


if __name__ == "__main__":
    job.run("export", "SOURCE_QUERY", export)
