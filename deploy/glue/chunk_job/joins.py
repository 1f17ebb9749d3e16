"""SQL of a transform's FROM, as engine/transform/join-sql.ts has it for the embedded engine."""

from .types import quoted

# A column that every source view has besides its own: names one row of one part file.
ROW_ID = "migrate:row"
# And another: the number of the row's window in the request. It names folders too, with no encoding.
WINDOW = "migrate~window"


def from_clause(transform, folded, first=None, inner=None):
    """`FROM … JOIN … ON …`: the first so many joins, all by default; join number `inner` as an INNER one."""
    text = f"FROM {table_as(transform['left'])}"
    for index, join in enumerate(transform["joins"][:first]):
        kind = "INNER" if index == inner else join["type"]
        text += f" {kind} JOIN {table_as(join)} ON {on_condition(join, folded)}"
    return text


def table_as(use):
    return f"{quoted(use['table'])} AS {quoted(use['alias'])}"


def on_condition(join, folded):
    """The equalities of a join; with `folded`, text without case and trailing blanks."""
    return " AND ".join(_equality(join["alias"], key, folded and key["text"]) for key in join["keys"])


def _equality(alias, key, folded):
    sides = [qualified(key["left"]["alias"], key["left"]["column"]), qualified(alias, key["right"])]
    return " = ".join(fold(side) if folded else side for side in sides)


def fold(value):
    return f"lower(trim(TRAILING ' ' FROM {value}))"


def qualified(alias, column):
    return f"{quoted(alias)}.{quoted(column)}"
