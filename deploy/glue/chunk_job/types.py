"""Logical types (engine/rows/types.ts) as Spark's, and the canonical text of their values (docs/checksums.md)."""

INTEGERS = {8: "SMALLINT", 16: "SMALLINT", 32: "INT", 64: "BIGINT"}


def quoted(name):
    """A name as Spark's SQL takes any."""
    return "`" + name.replace("`", "``") + "`"


def spark_type(kind):
    """The type whose Parquet form the embedded engine reads as the same values; an unsigned tinyint rests wider."""
    name = kind["kind"]
    if name == "bool":
        return "BOOLEAN"
    if name == "int":
        return INTEGERS[kind["bits"]]
    if name == "decimal":
        return f"DECIMAL({kind['precision']},{kind['scale']})"
    if name == "float":
        return "FLOAT" if kind["bits"] == 32 else "DOUBLE"
    if name == "date":
        return "DATE"
    if name == "bytes":
        return "BINARY"
    return "TIMESTAMP_NTZ" if _in_microseconds(kind) else "STRING"


def schema_of(columns):
    """The schema of part files with these columns, as DDL."""
    return ", ".join(f"{quoted(column['name'])} {spark_type(column['type'])}" for column in columns)


def canonical(kind, value):
    """SQL of the field of one value, NULL included, in the canonical text of its row."""
    name = kind["kind"]
    if name == "bool":
        return f"CASE WHEN {value} THEN '1;' WHEN NOT {value} THEN '0;' ELSE '~;' END"
    if name == "text":
        return _or_null(f"concat(CAST(octet_length({value}) AS STRING), ':', {value}, ';')")
    if name == "bytes":
        return _or_null(f"concat(CAST(octet_length({value}) AS STRING), ':', lower(hex({value})), ';')")
    if name == "float":
        return _float_bits(kind["bits"], value)
    if _in_microseconds(kind):
        return _or_null(f"concat({_moment(kind['precision'], value)}, ';')")
    return _or_null(f"concat(CAST({value} AS STRING), ';')")


def _in_microseconds(kind):
    return kind["kind"] == "instant" or (kind["kind"] == "timestamp" and kind["precision"] < 7)


def _or_null(text):
    return f"coalesce({text}, '~;')"


def _moment(precision, value):
    """Spark prints no zeros at a fraction's end, and no point before none."""
    text = f"CAST({value} AS STRING)"
    if precision == 0:
        return f"left({text}, 19)"
    return f"rpad(concat(left({text}, 19), '.', substr({text}, 21)), {20 + precision}, '0')"


def _float_bits(bits, value):
    """No function of Spark's own gives the IEEE bits; Java's must not see a NULL."""
    method = "'java.lang.Double', 'doubleToRawLongBits'" if bits == 64 else "'java.lang.Float', 'floatToRawIntBits'"
    digits = f"right(lpad(hex(CAST(java_method({method}, {value}) AS BIGINT)), 16, '0'), {bits // 4})"
    return f"CASE WHEN {value} IS NULL THEN '~;' ELSE concat(lower({digits}), ';') END"
