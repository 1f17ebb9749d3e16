"""A Spark session that stays up and does one job for each line of JSON it reads, as the founding case does it.

The founding case's engine is AWS Glue 5, which is Spark 3.5 on Java 17: JDBC reads of four partitions, the transform
in Spark, and CSV files that PostgreSQL's COPY loads (there from S3, here by psql).
"""
import json
import sys

from pyspark.sql import SparkSession

options = json.loads(sys.argv[1])
spark = (
    SparkSession.builder.master("local[*]")
    .config("spark.jars", ",".join(options["jars"]))
    .config("spark.driver.memory", "1g")
    .config("spark.sql.shuffle.partitions", "4")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.driver.extraJavaOptions", "-Duser.timezone=UTC")
    .config("spark.local.dir", options["scratch"])
    .config("spark.ui.enabled", "false")
    .config("spark.log.level", "ERROR")
    .getOrCreate()
)


def read(table):
    return (
        spark.read.format("jdbc")
        .option("url", options["source"])
        .option("driver", "com.microsoft.sqlserver.jdbc.SQLServerDriver")
        .option("dbtable", table["name"])
        .option("fetchsize", 10000)
        .option("partitionColumn", table["partitionColumn"])
        .option("lowerBound", table["lower"])
        .option("upperBound", table["upper"])
        .option("numPartitions", 4)
        .load()
    )


for line in sys.stdin:
    job = json.loads(line)
    for table in job["read"]:
        read(table).createOrReplaceTempView(table["view"])
    (
        spark.sql(job["sql"])
        .write.mode("overwrite")
        # By default blanks around a text are lost.
        .option("ignoreLeadingWhiteSpace", "false")
        .option("ignoreTrailingWhiteSpace", "false")
        .option("timestampFormat", "yyyy-MM-dd HH:mm:ss.SSS")
        .csv("file://" + job["csv"])
    )
    print("done", flush=True)
