import { DatabaseError } from 'pg';
import type { TargetConfig } from '../../config/run-config.js';
import type { Poison } from '../rows/quarantine.js';
import { dataErrorText } from './errors.js';

/** A line of COPY that the server refused for what it holds. */
export interface Refusal extends Poison {
  /** From 1, in the lines that were sent. */
  readonly line: number;
}

/** Data exceptions but for a malformed file (22P04), NOT NULL and CHECK: another row of the chunk may well pass. */
const ofOneRow = /^(22(?!P04)...|23502|23514)$/;

/**
 * The row that a failed COPY into `table` stopped at, undefined where it failed for something else. Every line is a
 * row, as the encoder escapes line ends, and the server counts lines as it takes them, through all that it is sent.
 * Reads English; see `message-language.ts`.
 */
export function refusalOf(error: unknown, table: TargetConfig): Refusal | undefined {
  if (!(error instanceof DatabaseError)) return undefined;
  const state = error.code ?? '';
  const at = placeIn(error.where ?? '', table);
  if (at === undefined || !ofOneRow.test(state)) return undefined;
  return {
    line: at.line,
    reason: `SQLSTATE_${state}`,
    what: `PostgreSQL refuses it, as ${dataErrorText(state)} (${[state, error.constraint].filter(Boolean).join(', ')})`,
    column: error.column ?? columnIn(at.rest, table),
  };
}

/** Of `COPY stage, line 12, column c: "value"`, or with other contexts before it: first match, as values follow it. */
function placeIn(
  where: string,
  table: TargetConfig,
): { readonly line: number; readonly rest: string } | undefined {
  const begin = `COPY ${table.name}, line `;
  const found = where
    .split('\n')
    .find((text) => text.startsWith(begin))
    ?.slice(begin.length);
  const line = /^\d+/.exec(found ?? '')?.[0];
  if (found === undefined || line === undefined) return undefined;
  return { line: Number(line), rest: found.slice(line.length) };
}

/** Names may hold what follows them in the message, so the longest that fits is the one. */
function columnIn(rest: string, table: TargetConfig): string | undefined {
  const fitting = table.columns.filter(({ name }) => `${rest}:`.startsWith(`, column ${name}:`));
  return fitting.sort((a, b) => b.name.length - a.name.length)[0]?.name;
}
