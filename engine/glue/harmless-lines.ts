/**
 * What of a log may stand in an error: Spark quotes values of rows in its messages, so only forms that hold none are
 * told, which are the classes of exceptions, Spark's error conditions, SQLSTATEs, exit codes, and frames of the
 * scripts. All else stays where the log is.
 */
const forms: readonly RegExp[] = [
  /\b[\w.-]+\.py", line \d+, in \w+/,
  /\b(?:[a-z]\w*\.)+[A-Z]\w*(?:Exception|Error)\b/,
  /^\s*[A-Z]\w*(?:Exception|Error)(?=:|$)/,
  /(?<=^|(?:Exception|Error): )\[[A-Z][A-Z0-9_]+(?:\.[A-Z0-9_]+)*\]/,
  /\bSQLSTATE:? [0-9A-Z]{5}\b/,
  /\b[Ee]xit (?:code|status):? \d+\b/,
  /\bContainer killed by YARN for exceeding (?:physical )?memory limits\b/,
  /\bJava heap space\b/,
  /\bNo space left on device\b/,
  /\bOut of memory\b/i,
];

/** The harmless parts of each line that has any, without what repeats the line before. */
export function harmlessLines(text: string): readonly string[] {
  const lines: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const told = forms.flatMap((form) => form.exec(line)?.[0].trim() ?? []);
    const shortened = [...new Set(told)].join(' ');
    if (shortened !== '' && shortened !== lines.at(-1)) lines.push(shortened);
  }
  return lines;
}
