"""The frame of a job: its arguments, its session, its request, and the result that it always leaves."""

import json
import sys
import traceback

from pyspark.sql import SparkSession

from . import objects
from .errors import JobError, told

# Of the contract with the engine: engine/glue/job-request.ts.
SCRIPT_VERSION = "1"

SETTINGS = {
    # One meaning of everything, wherever the cluster is: overflow and bad casts are errors, times have no zone.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    # A decimal that outgrows 38 digits is an error, not rounded.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # Dates before 1582 rest as they are, in the calendar that SQL Server, DuckDB and PostgreSQL have.
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.parquet.binaryAsString": "false",
    "spark.sql.parquet.writeLegacyFormat": "false",
    "spark.sql.parquet.compression.codec": "zstd",
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}


def run(kind, fallback, work):
    """Does `work(spark, request)` for the request that the arguments name, and leaves its answer as the result.

    `fallback` is the code of an error that has none of its own. Exits with 1 where the result says `failed`.
    """
    arguments = _arguments(sys.argv)
    spark = SparkSession.builder.appName(f"chunk {kind}").getOrCreate()
    for name, value in SETTINGS.items():
        spark.conf.set(name, value)
    attempt = arguments["chunk_attempt"]
    result = {"scriptVersion": SCRIPT_VERSION, "attempt": attempt}
    folder = arguments["request"].rsplit("/", 1)[0]
    request = {}
    try:
        request = _request(spark, arguments, kind)
        result |= {"state": "done", **work(spark, request)}
    except Exception as error:  # The engine needs an answer of every end.
        known = told(error, fallback, request.get("serverErrors", {}))
        # Frames without the error's text, which may quote values.
        frames = "".join(traceback.format_tb(error.__traceback__))
        print(f"{frames}{known.code}: {known.message}", file=sys.stderr)
        result |= {"state": "failed", "code": known.code, "message": known.message}
    objects.write_text(spark, f"{folder}/result.json", json.dumps(result))
    if result["state"] == "failed":
        # Glue calls a run FAILED for an exception or a status other than 0.
        sys.exit(1)


def _arguments(argv):
    names = ["request", "chunk_attempt"]
    try:
        from awsglue.utils import getResolvedOptions
    except ImportError:
        return _plain_arguments(argv, names)
    return getResolvedOptions(argv, names)


def _plain_arguments(argv, names):
    given = dict(zip(argv[1::2], argv[2::2]))
    missing = [name for name in names if f"--{name}" not in given]
    if missing:
        sys.exit(f"Missing arguments: {', '.join(f'--{name}' for name in missing)}")
    return {name: given[f"--{name}"] for name in names}


def _request(spark, arguments, kind):
    request = json.loads(objects.read_text(spark, arguments["request"]))
    wanted = (SCRIPT_VERSION, kind, arguments["chunk_attempt"])
    found = (request["scriptVersion"], request["kind"], request["output"]["attempt"])
    if found != wanted:
        raise JobError(
            "CONFIG_INVALID",
            f"The job's script is {kind} of version {SCRIPT_VERSION} for attempt {wanted[2]}; the request is "
            f"{found[1]} of version {found[0]} for attempt {found[2]}. Deploy scripts and workers of one version.",
        )
    return request
