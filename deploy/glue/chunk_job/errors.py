"""Errors that a job ends with on purpose, by the engine's codes (docs/errors.md), never with a value of a row."""

import re

# SQL Server's error numbers, by the code that the engine has for them.
SERVER_CODES = {
    208: ("SOURCE_OBJECT", "a table or column does not exist; plan the category again"),
    229: ("SOURCE_PERMISSION", "the login may not read the table; see docs/source-permissions.md"),
    230: ("SOURCE_PERMISSION", "the login may not read a column; see docs/source-permissions.md"),
    1205: ("SOURCE_DEADLOCK", "the server chose the reader as a deadlock's victim"),
    1222: ("SOURCE_BUSY", "a lock was not granted in time"),
    3952: ("SOURCE_SNAPSHOT", "SNAPSHOT isolation is not allowed in this database"),
    4060: ("SOURCE_DATABASE", "the database cannot be opened by this login"),
    18456: ("SOURCE_LOGIN", "the login failed; check the secret"),
}


class JobError(Exception):
    """A cause with a code of the engine's."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


def told(error, fallback):
    """Any exception as a JobError. Texts of Spark and of drivers may quote values, so only their kind is told."""
    if isinstance(error, JobError):
        return error
    for cause in _java_causes(error):
        name = cause.getClass().getName()
        if name.endswith("SQLServerException"):
            return _source_error(cause)
        if name.endswith("DiskErrorException") or "No space left on device" in str(cause.getMessage()):
            return JobError("DISK_FULL", "A disk of the Spark cluster is full. Use more or larger workers.")
    return JobError(fallback, f"Spark stopped with {_kind(error)}. The job's error log says where.")


def _source_error(cause):
    number = cause.getErrorCode()
    if number in SERVER_CODES:
        code, reason = SERVER_CODES[number]
        return JobError(code, f"SQL Server error {number}: {reason}.")
    if number > 0:
        return JobError("SOURCE_QUERY", f"SQL Server error {number}: see its text in SQL Server's documentation.")
    text = str(cause.getMessage())
    if re.search(r"SSL|TLS|certificate", text):
        return JobError("TLS_VERIFICATION", "No verified TLS connection to SQL Server; check its certificate and tls.trustStore.")
    if "TCP/IP connection" in text:
        return JobError("SOURCE_UNREACHABLE", "SQL Server cannot be reached; check the job's connection and security groups.")
    return JobError("SOURCE_CONNECTION", "The connection to SQL Server broke.")


def _java_causes(error):
    cause = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    while cause is not None:
        yield cause
        cause = cause.getCause()


def _kind(error):
    """Spark's class of the error, or the exception's own: names that hold no values."""
    named = getattr(error, "getErrorClass", lambda: None)()
    return named or next((c.getClass().getSimpleName() for c in _java_causes(error)), type(error).__name__)
