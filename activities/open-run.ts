import { createHash } from 'node:crypto';
import { endpointOf } from '../config/host-port.js';
import { loadRunConfig } from '../config/load.js';
import type { RunConfig, SourceDatabase, SourceTable, TargetConfig } from '../config/run-config.js';
import { about, MigrationError } from '../engine/errors.js';
import { checkCopy } from '../engine/plan/check-copy.js';
import { checkTarget } from '../engine/postgres/check-target.js';
import { closeAbandoned, insertRun, loadRun } from '../engine/postgres/control/runs.js';
import { applyControlSchema } from '../engine/postgres/control/schema.js';
import { type PlannedSource, recordSourceTables } from '../engine/postgres/control/source-tables.js';
import { requireEnglishMessages } from '../engine/postgres/message-language.js';
import { requireWriter } from '../engine/postgres/require-writer.js';
import { probeCapabilities } from '../engine/sqlserver/capabilities.js';
import { describeTable, type SourceTableInfo } from '../engine/sqlserver/catalog.js';
import { requireDateColumn } from '../engine/sqlserver/date-bound.js';
import { probeFilter } from '../engine/sqlserver/filter-probe.js';
import type { SourceSession } from '../engine/sqlserver/session.js';
import { requireVisible } from '../engine/sqlserver/visibility.js';
import type { Bucket } from '../engine/storage/bucket.js';
import { checkTransform } from '../engine/transform/check-transform.js';
import { checkForGlue, checkGlue } from './check-glue.js';
import type { OpenRunInput, RunSummary, ServerOutline } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { requireAlignedKeys, requireConsistency, requireSeek } from './source-rules.js';
import { runStep, type Step } from './step.js';
import { checkGuard } from './watch-source.js';

interface CheckedDatabase {
  readonly target: string;
  readonly server: string;
  readonly database: string;
  readonly sources: readonly PlannedSource[];
}

/**
 * Loads the configuration and checks everything that it names, all before the first side effect, which is the
 * run's row with the configuration that the run then works with to its end.
 */
export function openRun(deps: Dependencies) {
  return (input: OpenRunInput): Promise<RunSummary> =>
    runStep(async (step) => {
      const config = await loadRunConfig(input, deps.environment);
      step.stallAfter(config.stallSeconds);
      await checkGlue(deps, config);
      await requireWriter(deps.target);
      if (config.quarantineLimit > 0) await requireEnglishMessages(deps.target);
      for (const target of config.targets) {
        const { enabled, targetSchema } = config.finalize;
        await checkTarget(deps.target, target, enabled ? targetSchema : undefined);
        step.advance(1);
      }
      const checked = await checkSources(deps, config, step);
      for (const [variable, bucket] of bucketsOf(deps)) await about(variable, () => bucket.probe());
      await record(deps, input, config, checked);
      // A retry may have found other files than the attempt that opened the run: what is recorded is what holds.
      const run = await loadRun(deps.target, input.runId);
      return summaryOf(run.config as RunConfig);
    });
}

/** What a run is about, from the files alone: before any session, as sessions need a permit each. */
export function describeRun(deps: Dependencies) {
  return (input: OpenRunInput): Promise<RunSummary> =>
    runStep(async () => summaryOf(await loadRunConfig(input, deps.environment)));
}

export function summaryOf(config: RunConfig): RunSummary {
  const servers = new Map(config.databases.map((source) => [source.server, source]));
  return {
    servers: [...servers.values()].map((source) => outlineOf(config, source)),
    databases: config.databases.flatMap(({ server, database }) =>
      config.targets.map(({ name }) => ({ target: name, server, database })),
    ),
    targets: config.targets.map(({ name }) => name),
    wholes: Object.fromEntries(
      config.targets.flatMap(({ name, scope }) => (scope === 'chunk' ? [] : [[name, scope]])),
    ),
    attentionWaitSeconds: config.attentionWaitSeconds,
    finalize: config.finalize.enabled,
  };
}

function outlineOf({ concurrency, guards }: RunConfig, source: SourceDatabase): ServerOutline {
  const guard = guards[source.server];
  return {
    server: source.server,
    endpoint: endpointOf(source),
    limit: concurrency.perServer,
    ...(guard !== undefined && {
      guard: {
        threshold: guard.threshold,
        recover: guard.recover,
        everySeconds: guard.everySeconds,
        probe: createHash('sha256').update(guard.sql).digest('hex').slice(0, 12),
      },
    }),
  };
}

/** By the variable that names each, so that messages say which one to correct. */
function bucketsOf({ buckets }: Dependencies): readonly (readonly [string, Bucket])[] {
  const { raw, transformed, stats } = buckets;
  return [
    ['RAW_BUCKET', raw],
    ['TRANSFORMED_BUCKET', transformed],
    ['STATS_BUCKET', stats],
  ];
}

async function record(
  deps: Dependencies,
  { runId }: OpenRunInput,
  config: RunConfig,
  checked: readonly CheckedDatabase[],
): Promise<void> {
  const { category, jobMode, inputPartition } = config;
  await applyControlSchema(deps.target);
  await deps.target.transaction(async (client) => {
    const opened = await insertRun(client, {
      runId,
      category,
      jobMode,
      config,
      ...(inputPartition !== undefined && { inputPartition }),
    });
    if (!opened) return;
    await closeAbandoned(client, category, runId);
    for (const { sources, ...scope } of checked) await recordSourceTables(client, runId, scope, sources);
  });
}

/** Every source database, one at a time on each server, by whatever names it goes. */
async function checkSources(
  deps: Dependencies,
  config: RunConfig,
  step: Step,
): Promise<readonly CheckedDatabase[]> {
  const endpoints = [...new Set(config.databases.map(endpointOf))];
  const checked = await Promise.all(
    endpoints.map(async (endpoint) => {
      const found: CheckedDatabase[] = [];
      for (const database of config.databases.filter((candidate) => endpointOf(candidate) === endpoint))
        found.push(...(await checkDatabase(deps, config, database, step)));
      return found;
    }),
  );
  return checked.flat();
}

async function checkDatabase(
  deps: Dependencies,
  config: RunConfig,
  source: SourceDatabase,
  step: Step,
): Promise<readonly CheckedDatabase[]> {
  const session = await deps.openSource(config, source, step);
  try {
    const capabilities = await probeCapabilities(session);
    requireConsistency(capabilities, config.consistency, source);
    await checkGuard(config, source, session, step.signal);
    const checked: CheckedDatabase[] = [];
    for (const target of config.targets) {
      const tables: SourceTableInfo[] = [];
      for (const table of target.sources) {
        tables.push(await checkTable(session, config, target, table, source));
        const { filter } = table;
        if (filter !== undefined)
          await session.inSnapshot(config.consistency, (reader) => probeFilter(reader, table, filter));
      }
      requireAlignedKeys(tables, target, source);
      step.advance(1);
      const duckdb = await deps.duckdb(config, 'transforms');
      await about(`${source.server}/${source.database}`, async () => {
        const [only] = tables;
        if (target.transform !== undefined) {
          const lineage = await checkTransform(duckdb, target, tables, step.signal);
          checkForGlue(config.engine, tables, { lineage, file: target.transform.file });
        } else if (only !== undefined) {
          checkCopy(target, only);
          checkForGlue(config.engine, tables, undefined);
        }
      });
      const sources = tables.map(({ schema, table, columns }) => ({
        schema,
        table,
        columns,
        serverHash: capabilities.serverHash,
      }));
      checked.push({ target: target.name, server: source.server, database: source.database, sources });
    }
    return checked;
  } finally {
    await session.close();
  }
}

async function checkTable(
  session: SourceSession,
  { inputPartition }: RunConfig,
  target: TargetConfig,
  source: SourceTable,
  place: SourceDatabase,
): Promise<SourceTableInfo> {
  const info = await describeTable(session, source.schema, source.table);
  requireVisible(info, session.place);
  if (target.chunk.by === 'none') return info;
  requireColumn(info, source, source.chunkColumn, place);
  requireSeek(info, source, target.chunk, place);
  if (inputPartition !== undefined && target.chunk.by === 'key')
    requireDateColumn(requireColumn(info, source, source.partitionColumn, place));
  return info;
}

function requireColumn(
  info: SourceTableInfo,
  source: SourceTable,
  wanted: string | undefined,
  place: SourceDatabase,
): SourceTableInfo['columns'][number] {
  const column = info.columns.find(({ name }) => name === wanted);
  if (column !== undefined) return column;
  throw new MigrationError(
    'SOURCE_OBJECT',
    `${place.server}/${place.database}: ${source.schema}.${source.table} has no column '${wanted ?? ''}' ` +
      `(partition_col_date or chunkColumn); it has: ${info.columns.map(({ name }) => name).join(', ')}.`,
  );
}
