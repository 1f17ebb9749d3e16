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
    prefix = f"{output['prefix']}{output['attempt']}/"
    folder = objects.address(output["bucket"], prefix.rstrip("/"))
    staging = f"{folder}/{STAGING}"
    _clear(spark, folder, staging)
    frame.write.option("maxRecordsPerFile", request["partRows"]).parquet(staging)
    found = _checksums(spark, staging, request["columns"])
    parts = []
    for name in objects.files_of(spark, staging):
        if name not in found:
            continue
        part = f"part-{len(parts):05}.parquet"
        objects.rename(spark, f"{staging}/{name}", f"{folder}/{part}")
        parts.append({"key": prefix + part, "rows": found[name]["rows"]})
    objects.remove(spark, staging)
    sizes = objects.files_of(spark, folder)
    for part in parts:
        part["bytes"] = sizes[part["key"].removeprefix(prefix)]
    total = add(found.values())
    return {"parts": parts, "rows": total["rows"], "bytes": sum(p["bytes"] for p in parts), "checksum": total}


def _clear(spark, folder, staging):
    objects.remove(spark, staging)
    for name in objects.files_of(spark, folder):
        if name.startswith("part-"):
            objects.remove(spark, f"{folder}/{name}")


def _checksums(spark, folder, columns):
    """By file name, of the files that hold rows: read back, which is what proves them."""
    rows = spark.read.schema(schema_of(columns)).parquet(folder)
    hashes = rows.select(expr("_metadata.file_name").alias("file"), expr(row_hash_of(columns)).alias("hash"))
    groups = hashes.groupBy("file").agg(expr("count(*) AS rows"), expr("sum(hash) AS sum")).collect()
    return {group["file"]: set_checksum(group["rows"], group["sum"]) for group in groups}
