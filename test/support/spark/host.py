"""A Spark session that stays up and runs one script for each line of JSON that it reads, as Glue would.

A line is {"script", "arguments"}; the answer is the status that the script ends with.
"""

import json
import runpy
import sys
import traceback

from pyspark.sql import SparkSession

options = json.loads(sys.argv[1])
sys.path.insert(0, options["scripts"])
session = (
    SparkSession.builder.master("local[2]")
    .config("spark.jars", ",".join(options["jars"]))
    .config("spark.driver.memory", "1g")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.local.dir", options["scratch"])
    .config("spark.sql.warehouse.dir", options["scratch"])
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.log.level", "ERROR")
)
for name, value in options["settings"].items():
    session = session.config(name, value)
# The zone is one that no expectation has: a job must not depend on where it runs. The rest starts Java sooner.
java = "-Duser.timezone=America/New_York -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
session = session.config("spark.driver.extraJavaOptions", java).getOrCreate()
answers, sys.stdout = sys.stdout, sys.stderr


def run(script, arguments):
    sys.argv = [script, *arguments]
    try:
        runpy.run_path(f"{options['scripts']}/{script}", run_name="__main__")
        return 0
    except SystemExit as end:
        return end.code or 0
    except Exception:
        traceback.print_exc()
        return 1


print("ready", file=answers, flush=True)
for line in sys.stdin:
    job = json.loads(line)
    print(run(job["script"], job["arguments"]), file=answers, flush=True)
