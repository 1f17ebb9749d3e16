"""What a join must not do unseen: as engine/transform/join-checks.ts for the embedded engine."""

from collections import Counter

from .errors import JobError
from .joins import ROW_ID, WINDOW, fold, from_clause, on_condition, qualified, table_as
from .types import quoted


def check_collation(spark, transform, choice):
    """Counts left rows that match only without case and trailing blanks, by their window.

    JOIN_COLLATION where there are some and no choice was made.
    """
    total = Counter()
    for index, join in enumerate(transform["joins"]):
        if not any(key["text"] for key in join["keys"]):
            continue
        rows = _folded_only(spark, transform, index, choice == "casefold_rtrim")
        if rows and choice is None:
            raise _collation_error(transform, join, rows.total())
        total.update(rows)
    return total


def _folded_only(spark, transform, index, folded):
    join = transform["joins"][index]

    def match(fold_keys):
        return f"EXISTS (SELECT 1 FROM {table_as(join)} WHERE {on_condition(join, fold_keys)})"

    rows = from_clause(transform, folded, first=index)
    window = qualified(transform["left"]["alias"], WINDOW)
    found = f"SELECT {window} AS w {rows} WHERE NOT {match(False)} AND {match(True)}"
    groups = spark.sql(f"SELECT w, count(*) AS n FROM ({found}) GROUP BY w").collect()
    return Counter({group["w"]: group["n"] for group in groups})


def _collation_error(transform, join, rows):
    keys = ", ".join(f"{key['left']['column']} = {join['table']}.{key['right']}" for key in join["keys"])
    return JobError(
        "JOIN_COLLATION",
        f"{rows} rows of {transform['left']['table']} match {join['table']} ({keys}) only when case and trailing "
        'blanks are ignored, as most SQL Server collations do. Set joinKeys of the target to "casefold_rtrim" to join '
        'them, or to "exact" to leave them unmatched, then start the category again.',
    )


def check_fanout(spark, transform, folded):
    """JOIN_FANOUT where a left row comes out more than once, naming the right keys that are not unique."""
    row = qualified(transform["left"]["alias"], ROW_ID)
    groups = f"SELECT 1 {from_clause(transform, folded)} GROUP BY {row} HAVING count(*) > 1"
    rows = _count(spark, f"SELECT count(*) FROM ({groups})")
    if rows == 0:
        return
    doubled = [join for join in transform["joins"] if _has_duplicate_keys(spark, join, folded)]
    names = " and ".join(f"{join['table']} ({', '.join(key['right'] for key in join['keys'])})" for join in doubled)
    raise JobError(
        "JOIN_FANOUT",
        f"{rows} rows of {transform['left']['table']} come out of the join more than once: the join columns of "
        f"{names or 'a joined table'} are not unique. Join on a key, or narrow the table by its source_filter.",
    )


def _has_duplicate_keys(spark, join, folded):
    keys = [fold(quoted(key["right"])) if folded and key["text"] else quoted(key["right"]) for key in join["keys"]]
    groups = f"SELECT 1 FROM {quoted(join['table'])} GROUP BY {', '.join(keys)} HAVING count(*) > 1 LIMIT 1"
    return _count(spark, f"SELECT count(*) FROM ({groups})") > 0


def _count(spark, sql):
    return spark.sql(sql).first()[0]
