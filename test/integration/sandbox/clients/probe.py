"""Runs what stdin asks through pymssql (FreeTDS) and answers one line of JSON per line.

Lines: JSON arguments of connect(), then statements; `!cancel SQL` closes the cursor after ten rows,
`!call NAME` calls a procedure.
"""

import binascii
import decimal
import json
import sys
import time

sys.path.insert(0, sys.argv[1])
import pymssql  # noqa: E402


def text(value):
    if value is None:
        return None
    if isinstance(value, bytes):
        return binascii.hexlify(value).decode()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return str(value)


def run(connection, line):
    cursor = connection.cursor()
    if line.startswith("!cancel "):
        cursor.execute(line[8:])
        for _ in range(10):
            cursor.fetchone()
        start = time.monotonic()
        connection._conn.cancel()
        return {"cancelled": True, "ms": int((time.monotonic() - start) * 1000)}
    if line.startswith("!call "):
        cursor.callproc(line[6:])
        return {"called": True}
    cursor.execute(line)
    if cursor.description is None:
        return {"updated": cursor.rowcount}
    return {"rows": [[text(value) for value in row] for row in cursor.fetchall()]}


def describe(error):
    number = error.args[0] if error.args else 0
    if isinstance(number, tuple):
        number = number[0]
    return {"error": number, "message": repr(error)}


def main():
    lines = sys.stdin.buffer.read().decode("utf-8").splitlines()
    try:
        connection = pymssql.connect(**json.loads(lines[0]))
    except pymssql.Error as error:
        print(json.dumps(describe(error)))
        return
    for line in lines[1:]:
        try:
            answer = run(connection, line)
        except pymssql.Error as error:
            answer = describe(error)
        print(json.dumps(answer))
    connection.close()


main()
