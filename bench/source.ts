import { join } from 'node:path';
import type { BenchTable } from './tables.js';
import { databaseName } from './tables.js';
import { startWireSource } from './wire/source.js';

/** A SQL Server with the benchmark's tables, as every tool of a comparison is told of it. */
export interface BenchSource {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** PEM file of the authority that signed its certificate. */
  readonly caFile: string;
  /** Whether all that passes is encrypted, or nothing. */
  readonly tls: boolean;
}

export interface RunningSource extends BenchSource {
  close(): Promise<void>;
}

const login = { user: 'bench', password: 'Bench-1-for-nobody' };
/** Every tool asks for the tables in words of its own, and each answer is kept apart. */
const recordedBytes = 6 * 2 ** 30;

/** Starts the stand-in with these tables on disk, which sends from the second time on what it made before. */
export async function startSource(
  directory: string,
  tables: readonly BenchTable[],
  tls: boolean,
): Promise<RunningSource> {
  const { port, caFile, close } = await startWireSource({
    folder: join(directory, 'source-tls'),
    recording: { maxBytes: recordedBytes },
    definition: {
      name: 'bench',
      logins: [login],
      storage: join(directory, 'source'),
      databases: [
        {
          name: databaseName,
          collation: 'Latin1_General_CI_AS',
          snapshotIsolation: true,
          readCommittedSnapshot: false,
          tables: tables.map(({ definition }) => definition),
        },
      ],
    },
  });
  return { ...login, host: 'localhost', port, caFile, database: databaseName, tls, close };
}
