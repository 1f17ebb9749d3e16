/** A name as Spark's SQL takes any. */
export function sparkName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A text as Spark's SQL takes any: it reads a backslash as an escape, and puts variables in the place of `${…}`. */
export function sparkText(value: string): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('$', '\\u0024');
  return `'${escaped}'`;
}
