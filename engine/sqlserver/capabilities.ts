import type { TsqlColumn } from '../rows/checksum-tsql.js';
import type { SetChecksum } from '../rows/types.js';
import { sqlFile } from '../sql-files.js';
import { checksumOf } from './checksum.js';
import { sourceError } from './errors.js';
import { serverErrorNumber } from './fault.js';
import type { SourceReader } from './session.js';

export interface SourceCapabilities {
  /** `16.0.4135.4` */
  readonly productVersion: string;
  /** 13 is 2016, 14 2017, 15 2019, 16 2022, 17 2025; Azure SQL Database says 12. */
  readonly majorVersion: number;
  /** 5 is Azure SQL Database, 8 Managed Instance. */
  readonly engineEdition: number;
  readonly snapshotAllowed: boolean;
  readonly rcsi: boolean;
  /** HASHBYTES gives the canonical row hash; else the reader's own hash takes its place. */
  readonly serverHash: boolean;
}

/** Columns of sql/sqlserver/hash-probe-row.sql. */
export const probeColumns: readonly TsqlColumn[] = [
  { name: 'flag', type: { kind: 'bool' }, nullable: true, sourceType: 'bit' },
  { name: 'number', type: { kind: 'int', bits: 32 }, nullable: true, sourceType: 'int' },
  {
    name: 'amount',
    type: { kind: 'decimal', precision: 11, scale: 3 },
    nullable: true,
    sourceType: 'decimal(11,3)',
  },
  { name: 'day', type: { kind: 'date' }, nullable: true, sourceType: 'date' },
  { name: 'tick', type: { kind: 'timestamp', precision: 3 }, nullable: true, sourceType: 'datetime' },
  { name: 'instant', type: { kind: 'timestamp', precision: 6 }, nullable: true, sourceType: 'datetime2(6)' },
  { name: 'latin', type: { kind: 'text', maxLength: 10 }, nullable: true, sourceType: 'varchar(10)' },
  { name: 'text', type: { kind: 'text', maxLength: 10 }, nullable: true, sourceType: 'nvarchar(10)' },
  { name: 'nothing', type: { kind: 'int', bits: 32 }, nullable: true, sourceType: 'int' },
  { name: 'price', type: { kind: 'decimal', precision: 19, scale: 4 }, nullable: true, sourceType: 'money' },
  { name: 'double', type: { kind: 'float', bits: 64 }, nullable: true, sourceType: 'float' },
  { name: 'single', type: { kind: 'float', bits: 32 }, nullable: true, sourceType: 'real' },
  { name: 'clock', type: { kind: 'time', precision: 0 }, nullable: true, sourceType: 'time(0)' },
  { name: 'tenth', type: { kind: 'time', precision: 7 }, nullable: true, sourceType: 'time(7)' },
  { name: 'last', type: { kind: 'timestamp', precision: 7 }, nullable: true, sourceType: 'datetime2(7)' },
  {
    name: 'there',
    type: { kind: 'offsetTimestamp', precision: 0 },
    nullable: true,
    sourceType: 'datetimeoffset(0)',
  },
  {
    name: 'far',
    type: { kind: 'offsetTimestamp', precision: 7 },
    nullable: true,
    sourceType: 'datetimeoffset(7)',
  },
  { name: 'key', type: { kind: 'uuid' }, nullable: true, sourceType: 'uniqueidentifier' },
  { name: 'raw', type: { kind: 'bytes', maxLength: 10 }, nullable: true, sourceType: 'varbinary(10)' },
  { name: 'letters', type: { kind: 'bytes', maxLength: 10 }, nullable: true, sourceType: 'varchar(10)' },
  { name: 'units', type: { kind: 'bytes', maxLength: 20 }, nullable: true, sourceType: 'nvarchar(10)' },
];

/** The probe row's checksum, as every other side computes it; a test derives it anew. */
export const probeChecksum: SetChecksum = { rows: 1, sum: '769493bcdac996ac' };

/** SNAPSHOT can be used only where its state is ON (1); 2 and 3 are on the way. */
const snapshotOn = 1;
const unknownCollation = 448;

/**
 * What the server and the session's database can do.
 * @throws MigrationError SOURCE_*
 */
export async function probeCapabilities(session: SourceReader): Promise<SourceCapabilities> {
  const [row] = await session.query<{
    productVersion: string;
    engineEdition: number;
    snapshotState: number;
    rcsi: boolean;
  }>(sqlFile('sqlserver/capabilities.sql'));
  if (row === undefined) {
    throw sourceError('SOURCE_DATABASE', session.place, 'the database does not list itself in sys.databases');
  }
  return {
    productVersion: row.productVersion,
    majorVersion: Number.parseInt(row.productVersion, 10),
    engineEdition: row.engineEdition,
    snapshotAllowed: row.snapshotState === snapshotOn,
    rcsi: row.rcsi,
    serverHash: await serverHashes(session),
  };
}

async function serverHashes(session: SourceReader): Promise<boolean> {
  try {
    const from = `(\n${sqlFile('sqlserver/hash-probe-row.sql')}) AS [probe]`;
    const answer = await checksumOf(session, probeColumns, from);
    return answer.rows === probeChecksum.rows && answer.sum === probeChecksum.sum;
  } catch (error) {
    if (serverErrorNumber(error) === unknownCollation) return false;
    throw error;
  }
}
