import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { checksumChunk } from '../../../activities/checksum-chunk';
import type { Dependencies } from '../../../activities/dependencies';
import type { RunContexts } from '../../../activities/run-context';
import type { TargetConfig } from '../../../config/run-config';
import { transformedFingerprint } from '../../../engine/plan/fingerprint';
import { createTarget, type Target } from '../../../engine/postgres/connection';
import { loadChunk } from '../../../engine/postgres/control/chunks';
import { iterateChunkReports } from '../../../engine/postgres/control/reports';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import { importChunk } from '../../../engine/postgres/import-chunk';
import { createFileBucket } from '../../../engine/storage/file-bucket';
import { rawPrefix, transformedPrefix } from '../../../engine/storage/keys';
import type { Manifest } from '../../../engine/storage/manifest';
import { publishManifest } from '../../../engine/storage/manifest-store';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import {
  checksumOf,
  forceState,
  importOf,
  ownerOf,
  type Row,
  stageWith,
  targetTable,
} from '../../support/target-fixtures';

jest.setTimeout(60_000);

const good: Row = ['a', '2025-01-01 08:00:00.000', 1n, null];
const poison: Row = ['b', '2025-01-01 08:00:00.000', 1n, 'x\0'];
const mended: Row = ['b', '2025-01-01 08:00:00.000', 1n, 'x'];

describe('the checksum step', () => {
  let postgres: TestPostgres;
  let target: Target;
  let directory: string;
  beforeAll(async () => {
    postgres = await startPostgres();
    target = createTarget(postgres.endpoint);
    await applyControlSchema(target);
    directory = mkdtempSync(join(tmpdir(), 'checksum-'));
  });
  afterAll(async () => {
    await target.close();
    await postgres.stop();
    rmSync(directory, { recursive: true });
  });

  /** Imports rows that rest in buckets of their own, up to one in quarantine, and takes the step. */
  const step = async (table: TargetConfig, chunkId: string, rows: readonly Row[], name: string) => {
    const owner = await ownerOf(target, chunkId);
    const imported = importOf(table, rows);
    await importChunk({ target, ...owner, ...imported, quarantineLimit: 1, keep: async () => name });
    const chunk = await loadChunk(target, owner);
    const place = { ...chunk, window: chunk.window.label };
    const source = { prefix: rawPrefix({ ...place, schema: 'dbo', table: 't' }), fingerprint: 'raw' };
    const manifest: Manifest = {
      version: 1,
      fingerprint: source.fingerprint,
      attempt: name,
      columns: table.columns.map(({ name: column, type, nullable }) => ({ name: column, type, nullable })),
      parts: [{ key: 'p', rows: rows.length, bytes: 1 }],
      rows: rows.length,
      bytes: 1,
      checksum: checksumOf(table, rows),
    };
    const bucket = createFileBucket(join(directory, name));
    await publishManifest(bucket, source.prefix, manifest);
    await publishManifest(bucket, transformedPrefix(place), {
      ...manifest,
      fingerprint: transformedFingerprint(chunk.fingerprint, name),
    });
    const config = { stallSeconds: 300, logLevel: 'ERROR' };
    const context = { runId: owner.runId, config, chunk, target: table, sources: [source] };
    const deps = { target, buckets: { raw: bucket, transformed: bucket } } as unknown as Dependencies;
    const contexts = { chunk: async () => context } as unknown as RunContexts;
    await new MockActivityEnvironment().run(() => checksumChunk(deps, contexts)(owner));
  };

  const hops = async (runId: string) => {
    const told = [];
    for await (const { checksums } of iterateChunkReports(target, runId))
      told.push(...checksums.map(({ hop, rows }) => `${hop} ${rows}`));
    return told.sort();
  };

  test('tells of rows in quarantine, and no more once a later import of the run has none', async () => {
    const table = targetTable('repaired');
    const ids = await stageWith(target, table, { '2025-01-01': [] });
    const chunkId = ids.get('20250101') ?? '';
    await forceState(target, chunkId, 'PENDING');
    await step(table, chunkId, [good, poison], 'first');
    expect(await hops('run-repaired')).toEqual(['quarantine 1', 'stage 1', 'transformed 2']);
    await step(table, chunkId, [good, mended], 'second');
    expect(await hops('run-repaired')).toEqual(['stage 2', 'transformed 2']);
  });
});
