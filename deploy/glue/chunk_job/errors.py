"""Errors that a job ends with on purpose, by the engine's codes (docs/errors.md), never with a value of a row."""

import re


class JobError(Exception):
    """A cause with a code of the engine's."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


def told(error, fallback, server_errors):
    """Any exception as a JobError. Texts of Spark and of drivers may quote values, so only their kind is told.

    `server_errors`: of the request, code and advice for each number of SQL Server's that the engine knows.
    """
    if isinstance(error, JobError):
        return error
    for cause in _java_causes(error):
        name = cause.getClass().getName()
        if name.endswith("SQLServerException"):
            return _source_error(cause, server_errors)
        if name.endswith("DiskErrorException") or "No space left on device" in str(cause.getMessage()):
            return JobError("DISK_FULL", "A disk of the Spark cluster is full. Use more or larger workers.")
    return JobError(fallback, f"Spark stopped with {_kind(error)}. The job's error log says where.")


def _source_error(cause, server_errors):
    number = cause.getErrorCode()
    known = server_errors.get(str(number))
    if known:
        return JobError(known["code"], f"SQL Server error {number}: {known['advice']}.")
    if number > 0 and _severity(cause) >= 17:
        return JobError("SOURCE_CONNECTION", f"SQL Server error {number} of the server itself; it is tried again.")
    if number > 0:
        return JobError("SOURCE_QUERY", f"SQL Server error {number}: see its text in SQL Server's documentation.")
    text = str(cause.getMessage())
    # A handshake that merely broke off says SSL as well, and may succeed the next time.
    if re.search(r"certificate|PKIX|trust ?store|keystore", text, re.IGNORECASE):
        return JobError("TLS_VERIFICATION", "No verified TLS connection to SQL Server; check its certificate and tls.trustStore.")
    if "TCP/IP connection" in text:
        return JobError("SOURCE_UNREACHABLE", "SQL Server cannot be reached; check the job's connection and security groups.")
    return JobError("SOURCE_CONNECTION", "The connection to SQL Server broke.")


def _severity(cause):
    """17 to 19 are a shortage of resources, from 20 on the session has ended; below, the statement is at fault."""
    said = cause.getSQLServerError()
    return said.getErrorSeverity() if said is not None else 0


def _java_causes(error):
    cause = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    while cause is not None:
        yield cause
        cause = cause.getCause()


def _kind(error):
    """Spark's class of the error, or the exception's own: names that hold no values."""
    named = getattr(error, "getErrorClass", lambda: None)()
    return named or next((c.getClass().getSimpleName() for c in _java_causes(error)), type(error).__name__)
