import { MigrationError } from '../errors.js';
import { momentText, parseMoment } from './moments.js';
import type { Window } from './windows.js';

/** Fewest and most parts that one split makes; a part can be split again. */
const partLimits = { min: 2, max: 100 } as const;

/** What bounds are rounded to, coarsest first, and the types that hold nothing finer. */
const grains = [
  { name: 'day', ms: 86_400_000, finestOf: /^date$/ },
  { name: 'minute', ms: 60_000, finestOf: /^smalldatetime$/ },
  { name: 'second', ms: 1_000, finestOf: /^datetime/ },
] as const;

/**
 * Cuts a window into `parts` half-open windows without gap or overlap, as even as whole days, minutes or seconds
 * allow: the coarsest of which there is at least one a part, and which every chunking column can hold exactly.
 * Throws CHUNK_UNSPLITTABLE naming `chunk` and the reason.
 */
export function splitWindow(
  chunk: string,
  window: Window,
  parts: number,
  columnTypes: readonly string[],
): readonly Window[] {
  requireParts(chunk, parts);
  const { from, to } = boundsOf(chunk, window);
  const start = parseMoment(from);
  const length = parseMoment(to) - start;
  const finest = grains.findIndex(({ finestOf }) => columnTypes.some((type) => finestOf.test(type)));
  const allowed = grains.slice(0, finest + 1);
  const grain = allowed.find(({ ms }) => length / ms >= parts);
  if (grain === undefined) throw unsplittable(chunk, tooSmall(length, allowed.at(-1), parts));
  const steps = Math.floor(length / grain.ms);
  const inner = (part: number): string => momentText(start + Math.floor((part * steps) / parts) * grain.ms);
  const bounds = [from, ...Array.from({ length: parts - 1 }, (_, part) => inner(part + 1)), to];
  return Array.from({ length: parts }, (_, part) => partOf(bounds[part] ?? from, bounds[part + 1] ?? to));
}

/** Throws CHUNK_UNSPLITTABLE for a number of parts that no chunk is cut into. */
export function requireParts(chunk: string, parts: number): void {
  const { min, max } = partLimits;
  if (!Number.isInteger(parts) || parts < min || parts > max)
    throw unsplittable(chunk, `parts must be a whole number from ${min} to ${max}, not ${parts}`);
}

/** Throws CHUNK_UNSPLITTABLE for the window of the rows without a value. */
export function requireRange(chunk: string, { isNull }: Window): void {
  if (isNull) throw unsplittable(chunk, 'it holds the rows without a value in the chunking column');
}

/**
 * What the plan counted in a window, told among its parts by their length: an estimate until a later plan counts
 * them, but never a row more or less in all.
 */
export function shareRows(
  rows: Readonly<Record<string, number>>,
  parts: readonly Window[],
): readonly Readonly<Record<string, number>>[] {
  const ends = parts.map(({ to }) => parseMoment(to ?? ''));
  const start = parseMoment(parts[0]?.from ?? '');
  const length = (ends.at(-1) ?? start) - start;
  const upTo = (count: number, part: number): number =>
    part < 0 ? 0 : Math.round(count * (((ends[part] ?? start) - start) / length));
  return parts.map((_, part) =>
    Object.fromEntries(
      Object.entries(rows).map(([table, count]) => [table, upTo(count, part) - upTo(count, part - 1)]),
    ),
  );
}

/** Labels are made of both bounds, so that a part of a part has one of its own too. */
function partOf(from: string, to: string): Window {
  const stamp = (text: string): string => text.slice(0, 19).replace(' ', 'T').replace(/[-:]/g, '');
  return { label: `${stamp(from)}-${stamp(to)}`, from, to };
}

function boundsOf(chunk: string, window: Window): { readonly from: string; readonly to: string } {
  requireRange(chunk, window);
  const { from, to } = window;
  if (from === undefined && to === undefined)
    throw unsplittable(
      chunk,
      'it is the whole table; choose "chunk": {"by": "date"} or {"by": "key"} and start anew',
    );
  if (from === undefined || to === undefined)
    throw unsplittable(
      chunk,
      'its window is open to one side; bound the chunking column in source_filter_<table> and start anew',
    );
  return { from, to };
}

function tooSmall(length: number, finest: (typeof grains)[number] | undefined, parts: number): string {
  if (finest === undefined) return 'its chunking column is no date';
  const steps = Math.floor(length / finest.ms);
  const most = steps < partLimits.min ? 'it cannot be cut' : `ask for at most ${steps} parts`;
  return `its window is ${steps} ${finest.name}${steps === 1 ? '' : 's'} long, which is the finest that it is cut by, and ${parts} parts were asked for: ${most}`;
}

/** Why a chunk cannot be split as it was asked for. */
export function unsplittable(chunk: string, reason: string): MigrationError {
  return new MigrationError('CHUNK_UNSPLITTABLE', `Chunk '${chunk}' is not split: ${reason}.`);
}
