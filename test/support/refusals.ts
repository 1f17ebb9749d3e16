import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { workflowIds } from '../../workflows/messages.js';
import type { MigrateCategoryInput } from '../../workflows/migrate-category.js';
import type { Estate } from './estate.js';

export interface Refusal {
  /** The failure's code. */
  readonly type: string;
  readonly message: string;
  readonly seconds: number;
}

/** Starts a run that must fail, and holds that it changed nothing and told no secret, in its history either. */
export async function refuse(estate: Estate, input: Partial<MigrateCategoryInput> = {}): Promise<Refusal> {
  const before = await traces(estate);
  const started = performance.now();
  const failure = await estate.fail(input);
  const seconds = (performance.now() - started) / 1000;
  expect(await traces(estate)).toEqual(before);
  const id = workflowIds.category(input.category ?? 'cell_perf_stats');
  const told = JSON.stringify([
    failure,
    textsOf(await estate.temporal.client.workflow.getHandle(id).fetchHistory()),
  ]);
  for (const secret of secretsOf(estate)) expect(told).not.toContain(secret);
  return { ...failure, seconds };
}

/** Everything that a run may leave behind: relations and rows of the target database, objects of the buckets. */
export async function traces(estate: Estate): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  const { rows } = await estate.postgres.query<{ schema: string; name: string | null; kind: string | null }>(
    `SELECT nspname AS schema, relname AS name, relkind AS kind
       FROM pg_namespace AS n LEFT JOIN pg_class AS c ON c.relnamespace = n.oid
      WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`,
  );
  for (const { schema, name, kind } of rows) {
    const relation = name === null ? schema : `${schema}.${name}`;
    found[relation] =
      kind === 'r' || kind === 'p' ? await rowsOf(estate, `"${schema}"."${name}"`) : `${kind}`;
  }
  const buckets = join(estate.directory, 'buckets');
  for (const entry of readdirSync(buckets, { recursive: true, encoding: 'utf8' })) {
    const { mtimeMs, size } = statSync(join(buckets, entry));
    if (statSync(join(buckets, entry)).isFile()) found[entry] = `${size} bytes at ${mtimeMs}`;
  }
  return found;
}

async function rowsOf(estate: Estate, table: string): Promise<string> {
  const { rows } = await estate.postgres.query<{ digest: string }>(
    `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS digest FROM ${table} AS t`,
  );
  return rows[0]?.digest ?? '';
}

function secretsOf({ environment }: Estate): readonly string[] {
  const { SOURCE_SECRET = '{}', RDS_PASSWORD = '' } = environment;
  return [(JSON.parse(SOURCE_SECRET) as { password: string }).password, RDS_PASSWORD];
}

/** Every text in a history; payloads rest there as bytes. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/** Puts files of the project's copy and the environment back as they were when this was called. */
export function restorer(estate: Estate, files: readonly string[]): () => void {
  const texts = files.map((file) => [file, readFileSync(join(estate.directory, file), 'utf8')] as const);
  const environment = { ...estate.environment };
  return () => {
    for (const [file, text] of texts) {
      const path = join(estate.directory, file);
      if (!existsSync(path) || readFileSync(path, 'utf8') !== text) estate.writeFile(file, text);
    }
    for (const name of Object.keys(estate.environment)) delete estate.environment[name];
    Object.assign(estate.environment, environment);
  };
}
