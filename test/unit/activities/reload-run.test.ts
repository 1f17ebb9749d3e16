import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ReportSummary } from '../../../activities/contract.js';
import type { Dependencies } from '../../../activities/dependencies.js';
import { reloadRun } from '../../../activities/reload-run.js';
import { loadRunConfig } from '../../../config/load.js';

const category = 'cell_perf_stats';
const repository = resolve(__dirname, '../../..');

describe('reloading a run', () => {
  let project: string;
  let environment: { readonly configDir: string; readonly parameters: object };
  let row: { config: unknown; reloads: { request: string; fields: readonly string[] }[] };

  beforeEach(async () => {
    project = mkdtempSync(join(tmpdir(), 'reload-run-'));
    for (const part of ['config', 'sql/transform'])
      cpSync(join(repository, part), join(project, part), { recursive: true });
    environment = { configDir: join(project, 'config'), parameters: {} };
    row = { config: asStored(await loadRunConfig({ category }, environment)), reloads: [] };
  });
  afterEach(() => rmSync(project, { recursive: true, force: true }));

  const asStored = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  const edit = (file: string, change: object): void => {
    const path = join(project, 'config', file);
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
  };
  /** With the run's row as the control table keeps it. */
  const reload = (request: string): Promise<unknown> => {
    const query = async (text: string, values: readonly string[]) => {
      if (!text.includes('UPDATE ')) return { rows: [{ ...row, run_id: 'r', category }] };
      row = { config: JSON.parse(values[1] ?? ''), reloads: [...row.reloads, JSON.parse(values[2] ?? '')] };
      return { rows: [] };
    };
    const transaction = (work: (client: object) => Promise<ReportSummary>) => work({ query });
    const deps = { environment, target: { transaction } } as unknown as Dependencies;
    return new MockActivityEnvironment()
      .run(() => reloadRun(deps)({ runId: 'r', category, request }))
      .catch((error: unknown) => error) as Promise<unknown>;
  };

  it('takes over what only steers, and gives the run its new terms', async () => {
    edit(`migration-parameters/${category}.json`, { log_level: 'DEBUG' });
    edit(`categories/${category}.json`, { concurrency: { perServer: 2 }, attention: { wait: 5 } });
    expect(await reload('one')).toMatchObject({
      fields: ['log_level', 'concurrency', 'attention.wait'],
      revision: 1,
      summary: { attentionWaitSeconds: 5, servers: [{ limit: 2 }, { limit: 2 }] },
    });
    expect(row.config).toMatchObject({ logLevel: 'DEBUG', concurrency: { perServer: 2 } });
  });

  it('answers an attempt that is repeated as the one that was lost, and writes nothing twice', async () => {
    edit(`categories/${category}.json`, { stall: 77 });
    const answer = await reload('one');
    expect(answer).toMatchObject({ fields: ['stall'], revision: 1 });
    expect(await reload('one')).toEqual(answer);
    expect(await reload('another')).toMatchObject({ fields: [], revision: 1 });
    expect(row.reloads).toEqual([{ request: 'one', fields: ['stall'] }]);
  });

  it('changes nothing at all where something decides what the run brings', async () => {
    const before = structuredClone(row);
    edit(`categories/${category}.json`, { stall: 77, consistency: 'rcsi' });
    edit(`migration-parameters/${category}.json`, {
      source_filter_cell_performance_data: "data_timestamp >= '2025-01-02'",
    });
    expect(await reload('one')).toMatchObject({
      type: 'RELOAD_REFUSED',
      nonRetryable: true,
      message: expect.stringMatching(/^Nothing was changed: .*consistency.*takes effect on the next run/),
    });
    expect(await reload('one')).toMatchObject({
      message: expect.stringContaining('source_filter_cell_performance_data'),
    });
    expect(row).toEqual(before);
  });

  it('tells what is wrong with a file as the start of a run does', async () => {
    edit(`migration-parameters/${category}.json`, { log_level: 'LOUD' });
    expect(await reload('one')).toMatchObject({
      type: 'CONFIG_INVALID',
      message: expect.stringContaining("field 'log_level'"),
    });
  });
});
