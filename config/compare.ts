import { isDeepStrictEqual } from 'node:util';
import type { RunConfig } from './run-config.js';

/** What may change while a run is under way, as users know it: it decides how the run goes about, not what it brings. */
const steering = {
  logLevel: 'log_level',
  concurrency: 'concurrency',
  guards: 'guard',
  attentionWaitSeconds: 'attention.wait',
  maxValueBytes: 'maxValue',
  stallSeconds: 'stall',
  slow: 'slow',
  duckdb: 'duckdb',
  retention: 'retention',
} as const satisfies Partial<Record<keyof RunConfig, string>>;

/** Other names of what decides what a run brings. */
const deciding: Partial<Record<string, string>> = {
  jobMode: 'job_mode',
  inputPartition: 'input_partition',
  databases: 'server_mappings or databases',
  quarantineLimit: 'poison or poisonLimit',
};

/** Only for the record. */
const passedOver: readonly string[] = ['documents'];

export interface Changes {
  readonly steering: readonly string[];
  readonly deciding: readonly string[];
}

/** The fields, as users know them, by which two configurations of one run differ; both as JSON holds them. */
export function changesBetween(before: RunConfig, after: RunConfig): Changes {
  const [old, now] = [entriesOf(before), entriesOf(after)];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(
    (name) => !passedOver.includes(name) && !isDeepStrictEqual(old[name], now[name]),
  );
  const steered = names.flatMap((name) => steering[name as keyof typeof steering] ?? []);
  const others = names
    .filter((name) => !(name in steering))
    .flatMap((name) => (name === 'targets' ? targetChanges(before, after) : [deciding[name] ?? name]));
  return { steering: steered, deciding: [...new Set(others)] };
}

function targetChanges({ targets: before }: RunConfig, after: RunConfig): readonly string[] {
  return pathsOf(before, after.targets, 'targets').map((path) => {
    const [, target, source] = /^targets\.(\d+)\.sources\.(\d+)\.filter/.exec(path) ?? [];
    const filtered = after.targets[Number(target)]?.sources[Number(source)];
    return filtered === undefined ? path : `source_filter_${filtered.table}`;
  });
}

/** Paths of the smallest parts that differ. */
function pathsOf(before: unknown, after: unknown, path: string): readonly string[] {
  if (isDeepStrictEqual(before, after)) return [];
  const [old, now] = [entriesOf(before), entriesOf(after)];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  const comparable = Array.isArray(before) === Array.isArray(after) && isParted(before) && isParted(after);
  const resized = Array.isArray(before) && Array.isArray(after) && before.length !== after.length;
  if (!comparable || resized) return [path];
  return keys.flatMap((key) => pathsOf(old[key], now[key], `${path}.${key}`));
}

function isParted(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function entriesOf(value: unknown): Readonly<Record<string, unknown>> {
  return isParted(value) ? { ...value } : {};
}
