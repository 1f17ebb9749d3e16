import { DatabaseError } from 'pg';
import type { TargetConfig } from '../../config/run-config.js';
import type { Poison } from '../rows/quarantine.js';
import { dataErrorText } from './errors.js';

/** A tuple of COPY that the server refused for what it holds. */
export interface Refusal extends Poison {
  /** From 1, among the tuples that were sent; `line` is the server's word. */
  readonly line: number;
}

/** Data exceptions but for malformed tuples (22P03, 22P04), NOT NULL and CHECK: another row may well pass. */
const ofOneRow = /^(22(?!P0[34])...|23502|23514)$/;

/**
 * The row that a failed COPY into `table` stopped at, undefined where it failed for something else. The server counts
 * the tuples as it takes them, through all that it is sent, and calls them lines in COPY binary too.
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

/** Of `COPY stage, line 12, column c`, or with other contexts before it; COPY binary shows no value. */
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

function columnIn(rest: string, table: TargetConfig): string | undefined {
  return table.columns.find(({ name }) => rest === `, column ${name}`)?.name;
}
