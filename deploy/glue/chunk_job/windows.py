"""Rows of many windows in one frame: each knows its window's number, and its parts go where that window's are."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

from pyspark.sql.functions import broadcast, expr, lit

from . import objects, parts
from .checksum import row_hash_of, set_checksum
from .joins import ROW_ID, WINDOW
from .types import quoted, schema_of

FILE = "migrate:file"
# Windows whose objects are moved at a time: each waits for the store, and nothing else.
AT_ONCE = 16


def read(spark, source):
    """The rows of the parts of a source's windows, with ROW_ID and WINDOW."""
    windows = source["windows"]
    files = [part for window in windows for part in window["parts"]]
    rows = parts.read(spark, {**source, "parts": files})
    if not files:
        return rows.select("*", lit("").alias(ROW_ID), lit(0).alias(WINDOW))
    row = expr("concat_ws(':', _metadata.row_index, _metadata.file_path)").alias(ROW_ID)
    if len(windows) == 1:
        return rows.select("*", row, lit(windows[0]["window"]).alias(WINDOW))
    numbers = spark.createDataFrame(_numbers(rows, source), f"{quoted(FILE)} STRING, {quoted(WINDOW)} INT")
    # Spark writes the scheme of one file in more than one way.
    path = "trim(LEADING '/' FROM substr(_metadata.file_path, 1 + instr(_metadata.file_path, ':')))"
    return rows.select("*", row, expr(path).alias(FILE)).join(broadcast(numbers), FILE).drop(FILE)


def write(spark, frame, request):
    """Writes a frame with the request's columns and WINDOW; of each window in order what `parts.write` says of it."""
    output, prefixes = request["output"], request["windows"]
    if len(prefixes) == 1:
        return [parts.write(spark, frame.drop(WINDOW), request)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda prefix: parts.clear(spark, output, prefix), prefixes))
        staging = parts.staging_of(output)
        frame.write.option("maxRecordsPerFile", request["partRows"]).partitionBy(WINDOW).parquet(staging)
        found = _checksums(spark, staging, request["columns"])

        def take_over(number):
            written = f"{staging}/{WINDOW}={number}"
            return parts.take_over(spark, written, output, prefixes[number], found.get(number, {}))

        made = list(pool.map(take_over, range(len(prefixes))))
    objects.remove(spark, staging)
    return made


def by_window(rows):
    """Checksums of a frame's `hash`, by WINDOW; a window without rows has none."""
    groups = rows.groupBy(WINDOW).agg(expr("count(*) AS rows"), expr("sum(hash) AS sum")).collect()
    return {group[WINDOW]: set_checksum(group["rows"], group["sum"]) for group in groups}


def _numbers(rows, source):
    """The files of a frame, as `read` names them, and the numbers of their windows."""
    known = {
        _plain(objects.address(source["bucket"], part["key"])): window["window"]
        for window in source["windows"]
        for part in window["parts"]
    }
    return [(_plain(file), known[_plain(unquote(file))]) for file in rows.inputFiles()]


def _plain(address):
    return address.split(":", 1)[1].lstrip("/")


def _checksums(spark, folder, columns):
    """By window and file name, of the files that hold rows: read back, which is what proves them."""
    if not objects.exists(spark, folder):
        return {}
    rows = spark.read.schema(f"{schema_of(columns)}, {quoted(WINDOW)} INT").parquet(folder)
    hashes = rows.select(WINDOW, expr("_metadata.file_name").alias("file"), expr(row_hash_of(columns)).alias("hash"))
    found = {}
    for group in hashes.groupBy(WINDOW, "file").agg(expr("count(*) AS rows"), expr("sum(hash) AS sum")).collect():
        files = found.setdefault(group[WINDOW], {})
        files[group["file"]] = set_checksum(group["rows"], group["sum"])
    return found
