"""Row hashes and set checksums (docs/checksums.md), summed without a carry lost."""

from .types import canonical, quoted

EMPTY = {"rows": 0, "sum": "0" * 16}


def row_hash(fields):
    """SQL of a row's 64-bit hash, unsigned, out of (type, SQL of the value) in the order of the columns."""
    text = ", ".join(canonical(kind, value) for kind, value in fields)
    digits = f"conv(left(md5(CAST(concat({text}) AS BINARY)), 16), 16, 10)"
    return f"CAST({digits} AS DECIMAL(20,0))"


def row_hash_of(columns):
    """`row_hash` of a frame's columns."""
    return row_hash([(column["type"], quoted(column["name"])) for column in columns])


def set_checksum(rows, total):
    """A checksum out of a count and a sum of hashes: of any sign and size, None over no rows."""
    return {"rows": rows, "sum": f"{int(total or 0) % 2**64:016x}"}


def add(checksums):
    """The checksum of disjoint sets together."""
    checksums = list(checksums)
    return set_checksum(sum(c["rows"] for c in checksums), sum(int(c["sum"], 16) for c in checksums))


def difference(expected, actual, before, after):
    """What is wrong, in words without values."""
    if expected["rows"] != actual["rows"]:
        kind = "missing" if actual["rows"] < expected["rows"] else "too many"
        count = abs(actual["rows"] - expected["rows"])
        return f"{before} has {expected['rows']} rows and {after} has {actual['rows']}: {count} {kind}"
    return (
        f"{before} and {after} both have {expected['rows']} rows, but different values in at least one: "
        f"checksum {expected['sum']} against {actual['sum']}"
    )
