import { MigrationError } from '../../errors.js';
import type { ColumnVector } from '../../rows/column-batch.js';
import { type CellCode, callCode, compileCell, nullStatements } from './cell-code.js';
import type { CellDecoder, CellOptions, WireColumn } from './cell-decoder.js';
import { fixedCodes } from './types/fixed.js';
import { variableDecoders } from './types/variable.js';
import { viewOf } from './words.js';

/**
 * Decodes the values of some neighbouring columns of one row.
 * @param bitmap where the NBCROW's bitmap of NULLs begins in `bytes`; -1 in a ROW
 * @returns the offset behind them; -1 when the bytes end inside the value that `stopped` then names
 */
export type FusedDecoder = (bytes: Buffer, at: number, end: number, row: number, bitmap: number) => number;

/** The value at which a `FusedDecoder` stopped: its column, and where its bytes begin. */
export interface StoppedAt {
  column: number;
  at: number;
}

export interface RowCode {
  /** Of all columns, in their order. */
  readonly fused: readonly FusedDecoder[];
  /** Of each column alone. */
  readonly single: readonly CellDecoder[];
}

/** Columns of one fused function: the compiler gives up on functions that are too large. */
const columnsFused = 16;

/**
 * The decoders of a row shape.
 * @param stopped is written by them
 * @throws MigrationError SOURCE_TYPE for a column of a type that has none; what a type's own factory throws
 */
export function compileRow(
  columns: readonly WireColumn[],
  vectors: readonly ColumnVector[],
  options: readonly CellOptions[],
  stopped: StoppedAt,
): RowCode {
  const codes = columns.map((column, at) =>
    codeOf(column, vectors[at] as ColumnVector, options[at] as CellOptions),
  );
  const fused: FusedDecoder[] = [];
  for (let first = 0; first < codes.length; first += columnsFused) {
    fused.push(fuse(codes.slice(first, first + columnsFused), first, stopped));
  }
  return { fused, single: codes.map((code) => code.bound.decode ?? compileCell(code)) };
}

function codeOf(column: WireColumn, vector: ColumnVector, options: CellOptions): CellCode {
  const fixed = fixedCodes.get(column.typeId);
  if (fixed !== undefined) return fixed(column, vector, options);
  const variable = variableDecoders.get(column.typeId);
  if (variable !== undefined) return callCode(variable(column, vector, options), vector);
  throw new MigrationError(
    'SOURCE_TYPE',
    `Column ${column.name}: type 0x${column.typeId.toString(16)} cannot be read.`,
  );
}

function fuse(codes: readonly CellCode[], first: number, stopped: StoppedAt): FusedDecoder {
  const blocks = codes.map((code, index) => {
    const column = first + index;
    const isNull = `bitmap >= 0 && (bytes[bitmap + ${column >> 3}] & ${1 << (column & 7)}) !== 0`;
    const incomplete = (): string => `{ stopped.column = ${column}; stopped.at = at; return -1; }`;
    return `{
      ${Object.keys(code.bound)
        .map((name) => `const ${name} = ${name}${index};`)
        .join(' ')}
      if (${isNull}) {
        ${nullStatements(code.bound)}
      } else {
        ${code.statements(incomplete)}
      }
    }`;
  });
  const bindings = codes.flatMap(({ bound }, index) =>
    Object.entries(bound).map(([name, value]) => [`${name}${index}`, value] as const),
  );
  const make = factoryOf(
    ['viewOf', 'stopped', ...bindings.map(([name]) => name)],
    `return function (bytes, at, end, row, bitmap) {\nconst words = viewOf(bytes);\n${blocks.join('\n')}\nreturn at;};`,
  );
  return make(viewOf, stopped, ...bindings.map(([, value]) => value));
}

type Factory = (...bound: unknown[]) => FusedDecoder;

/** By their code, the latest last: what is generated anew would be optimized anew in each chunk. */
const factories = new Map<string, Factory>();
const keptFactories = 500;

function factoryOf(parameters: readonly string[], body: string): Factory {
  const code = [...parameters, body].join('\n');
  const made = factories.get(code) ?? (new Function(...parameters, body) as Factory);
  factories.delete(code);
  factories.set(code, made);
  const [oldest] = factories.keys();
  if (factories.size > keptFactories && oldest !== undefined) factories.delete(oldest);
  return made;
}
