"""SQL Server through JDBC: the login out of a secret, and the rows in the forms that travel exactly."""

import json
import os
from functools import reduce

from pyspark.sql.functions import expr

from .errors import JobError
from .types import quoted, spark_type

DRIVER = "com.microsoft.sqlserver.jdbc.SQLServerDriver"
FORMAT = 'Allowed: {"username","password","engine":"sqlserver","host":"*","port":"1433","dbname"}.'


def read(spark, request):
    """The chunk's rows, `c0`, `c1`, …, and `h`: one connection, transaction and task for each statement."""
    server = request["server"]
    options = _connection(server, _secret(server["secret"]))
    options |= {"driver": DRIVER, "sessionInitStatement": request["sessionSql"]}
    frames = [
        spark.read.format("jdbc").options(**options).option("query", statement).load()
        for statement in request["statements"]
    ]
    return reduce(lambda all_rows, frame: all_rows.unionAll(frame), frames)


def decoded(index, column):
    """SQL that makes the column's value out of how it travelled."""
    carried = f"c{index}"
    if column["carriedAs"] == "utf16":
        carried = f"decode({carried}, 'UTF-16LE')"
    return f"CAST({carried} AS {spark_type(column['type'])}) AS {quoted(column['name'])}"


def unreadable(index, column):
    """SQL of whether a value is no text: Java puts U+FFFD for what it cannot decode, and would go on."""
    if column["type"]["kind"] != "text":
        return None
    if column["carriedAs"] == "utf16":
        return f"c{index} <> encode(decode(c{index}, 'UTF-16LE'), 'UTF-16LE')"
    return f"contains(c{index}, '\ufffd')"


def _connection(server, secret):
    own = secret.get("host", "*") != "*"
    host = secret["host"] if own else server["host"]
    port = secret["port"] if own and str(secret.get("port", "*")) != "*" else server["port"]
    options = {
        "url": f"jdbc:sqlserver://{host}:{port}",
        "databaseName": server["database"],
        "user": secret["username"],
        "password": secret["password"],
        "applicationName": server["applicationName"],
        "applicationIntent": "ReadOnly" if server["readOnlyIntent"] else "ReadWrite",
        "encrypt": "true",
        "trustServerCertificate": "false",
        "loginTimeout": "15",
    }
    tls = server["tls"]
    if "serverName" in tls:
        options["hostNameInCertificate"] = tls["serverName"]
    if "trustStore" in tls:
        store = tls["trustStore"]
        options |= {"trustStore": store["path"], "trustStorePassword": store["password"], "trustStoreType": "PKCS12"}
    return options


def _secret(reference):
    """The secret in the founding shape; nothing of it is ever told."""
    name, text = _secret_text(reference)
    try:
        secret = json.loads(text)
        whole = all(isinstance(secret[key], str) and secret[key] for key in ("username", "password"))
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise JobError("SECRET_MISSING", f"{name} is no secret of a source. {FORMAT}")
    return secret


def _secret_text(reference):
    kind = reference["kind"]
    if kind == "file":
        name = f"File {reference['path']}"
        return name, _found(name, lambda: open(reference["path"], encoding="utf8").read())
    if kind == "environment":
        name = f"Environment variable {reference['name']}"
        return name, _found(name, lambda: os.environ[reference["name"]])
    name = f"Secret {reference['id']}"
    return name, _found(name, lambda: _from_secrets_manager(reference))


def _from_secrets_manager(reference):
    import boto3  # Glue has it; a test on files needs none.

    name = reference["id"]
    # boto3 takes no region from an ARN, nor from the variable that Amazon's other clients read.
    region = reference.get("region") or (name.split(":")[3] if name.startswith("arn:") else os.environ.get("AWS_REGION"))
    return boto3.client("secretsmanager", region_name=region).get_secret_value(SecretId=name)["SecretString"]


def _found(name, read_text):
    try:
        return read_text()
    except Exception as error:
        raise JobError("SECRET_MISSING", f"{name} cannot be read ({type(error).__name__}).") from None
