"""Part files: read as the columns of their manifest, written whole and read back."""

from pyspark.sql.functions import expr

from . import objects
from .checksum import add, row_hash_of, set_checksum
from .types import schema_of

STAGING = "_spark"


def read(spark, source):
    """The rows of parts, by whichever engine they were written."""
    schema = schema_of(source["columns"])
    addresses = [objects.address(source["bucket"], part["key"]) for part in source["parts"]]
    return spark.read.schema(schema).parquet(*addresses) if addresses else spark.createDataFrame([], schema)


def write(spark, frame, request):
    """Writes a frame with the request's columns as the attempt's parts; what parts, rows, bytes and checksum say of it.

    What an earlier run of the same attempt has left is removed first.
    """
    output = request["output"]
    clear(spark, output, output["prefix"])
    staging = staging_of(output)
    frame.write.option("maxRecordsPerFile", request["partRows"]).parquet(staging)
    made = take_over(spark, staging, output, output["prefix"], _checksums(spark, staging, request["columns"]))
    objects.remove(spark, staging)
    return made


def staging_of(output):
    """Where Spark writes, under names of its own."""
    return f"{_folder(output, output['prefix'])}/{STAGING}"


def clear(spark, output, prefix):
    """Removes what the attempt has left under a window's prefix."""
    folder = _folder(output, prefix)
    objects.remove(spark, f"{folder}/{STAGING}")
    for name in objects.files_of(spark, folder):
        if name.startswith("part-"):
            objects.remove(spark, f"{folder}/{name}")


def take_over(spark, written, output, prefix, found):
    """Makes the files of `written` that `found` has a checksum of, by name, the attempt's parts under a prefix."""
    folder = _folder(output, prefix)
    parts = []
    for name in sorted(found):
        part = f"part-{len(parts):05}.parquet"
        objects.rename(spark, f"{written}/{name}", f"{folder}/{part}")
        parts.append({"key": f"{prefix}{output['attempt']}/{part}", "rows": found[name]["rows"]})
    sizes = objects.files_of(spark, folder) if parts else {}
    for part in parts:
        part["bytes"] = sizes[part["key"].rsplit("/", 1)[1]]
    total = add(found.values())
    return {"parts": parts, "rows": total["rows"], "bytes": sum(p["bytes"] for p in parts), "checksum": total}


def _folder(output, prefix):
    return objects.address(output["bucket"], f"{prefix}{output['attempt']}")


def _checksums(spark, folder, columns):
    """By file name, of the files that hold rows: read back, which is what proves them."""
    rows = spark.read.schema(schema_of(columns)).parquet(folder)
    hashes = rows.select(expr("_metadata.file_name").alias("file"), expr(row_hash_of(columns)).alias("hash"))
    groups = hashes.groupBy("file").agg(expr("count(*) AS rows"), expr("sum(hash) AS sum")).collect()
    return {group["file"]: set_checksum(group["rows"], group["sum"]) for group in groups}
