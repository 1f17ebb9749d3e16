import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { ensureCertificates } from '../sandbox/services/certificates.js';
import { ensureSecrets } from '../sandbox/services/secrets.js';
import { type BenchSource, startSource } from './source.js';
import type { BenchTable } from './tables.js';
import { type BenchTarget, startBenchTarget } from './target.js';

/** A source and a target of a benchmark's own, and a directory for all that it keeps. */
export interface Place {
  readonly directory: string;
  readonly source: BenchSource;
  readonly target: BenchTarget;
  /** An administrator's connection to the target. */
  readonly admin: Client;
  /** Stops both and removes the directory. */
  close(): Promise<void>;
}

export async function startPlace(tables: readonly BenchTable[], tls: boolean): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'migration-bench-'));
  // PostgreSQL's own user must be able to enter it when the benchmark runs as root.
  chmodSync(directory, 0o755);
  const started: (() => Promise<unknown>)[] = [
    async () => rmSync(directory, { recursive: true, force: true }),
  ];
  const close = async (): Promise<void> => {
    for (const end of started.splice(0).reverse()) await end();
  };
  try {
    const source = await startSource(directory, tables, tls);
    started.push(() => source.close());
    const secrets = ensureSecrets(join(directory, 'secrets.json'));
    const certificates = await ensureCertificates(join(directory, 'tls'));
    const { target, admin, stop } = await startBenchTarget(directory, { secrets, certificates, tls });
    started.push(stop);
    // PostgreSQL is in a process group of its own: nothing else would end it.
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const)
      process.once(signal, () => void close().finally(() => process.exit(code)));
    return { directory, source, target, admin, close };
  } catch (error) {
    await close();
    throw error;
  }
}
