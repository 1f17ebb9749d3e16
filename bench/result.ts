import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';

const directory = join(__dirname, 'out');

/** Prints a benchmark's figures and keeps them as `bench/out/<name>.json`. */
export function report(name: string, figures: object): void {
  console.log(keep(`${name}.json`, { benchmark: name, machine: machine(), ...figures }));
}

/** Where figures were taken. */
export function machine(): object {
  return {
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    note: 'Source, Temporal, PostgreSQL and workers share this machine.',
  };
}

/** Writes a file of `bench/out/`, objects as JSON, and returns its text. */
export function keep(file: string, content: object | string): string {
  const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, file), `${text}\n`);
  return text;
}

/** CPU seconds between two readings, by process. */
export function spent(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(after).map(([name, seconds]) => [name, round(seconds - (before[name] ?? 0))]),
  );
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

export function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

/** A whole number from the environment. */
export function setting(name: string, fallback: number): number {
  const text = process.env[name] ?? '';
  if (text === '') return fallback;
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new Error(`${name} is '${text}': a whole number from 1 up is needed.`);
}

/** Whole numbers from the environment, with commas between them. */
export function numbers(name: string, fallback: readonly number[]): readonly number[] {
  const text = process.env[name] ?? '';
  if (text === '') return fallback;
  const values = text.split(',').map(Number);
  if (values.every((value) => Number.isInteger(value) && value > 0)) return values;
  throw new Error(`${name} is '${text}': whole numbers from 1 up with commas between them are needed.`);
}
