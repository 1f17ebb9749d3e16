import { hasServerForm } from '../rows/checksum-tsql.js';
import { carriedColumns, carriedSelect } from '../sqlserver/carried-select.js';
import type { TableName } from '../sqlserver/checksum.js';
import type { SourcePredicate } from '../sqlserver/predicate.js';
import { serverErrorRules } from '../sqlserver/server-errors.js';
import type { Consistency } from '../sqlserver/session.js';
import type { StreamedColumn } from '../sqlserver/wire/result-decoder.js';
import type { Bucket } from '../storage/bucket.js';
import type { ObjectKey } from '../storage/keys.js';
import { type GlueJob, performJob } from './glue-jobs.js';
import {
  type ExportJobRequest,
  type ExportJobResult,
  exportResultSchema,
  type JobServer,
  scriptVersion,
} from './job-request.js';

export interface TableExport {
  readonly table: TableName & {
    readonly columns: readonly (StreamedColumn & { readonly sourceType: string })[];
  };
  /** `schema.table`, for messages. */
  readonly subject: string;
  readonly predicate: SourcePredicate;
  readonly consistency: Consistency;
  /** Whether the server is to hash each row, where it can. */
  readonly serverHash: boolean;
  readonly server: JobServer;
  readonly partRows: number;
  readonly bucket: Bucket;
  readonly prefix: ObjectKey;
}

/** A statement is a transaction of its own here; SNAPSHOT still means that it waits for nobody and reads one instant. */
const sessionSql: Readonly<Record<Consistency, string>> = {
  snapshot: 'SET TRANSACTION ISOLATION LEVEL SNAPSHOT',
  rcsi: 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED',
  quiesced: 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED',
};

/** What the engine knows of SQL Server's error numbers, for a job's request. */
export const serverErrors: ExportJobRequest['serverErrors'] = Object.fromEntries(
  [...serverErrorRules].map(([number, { code, advice }]) => [String(number), { code, advice }]),
);

/**
 * Has a job of Glue read one source table of a chunk, through one connection and in one statement, in which the server
 * hashes each row as well.
 * @throws MigrationError SOURCE_TYPE for a column that JDBC does not carry exactly; as `performJob`
 */
export async function exportTableByGlue(job: GlueJob, wanted: TableExport): Promise<ExportJobResult> {
  const { table, subject, predicate, consistency, server, partRows, bucket, prefix } = wanted;
  const { columns } = table;
  const serverHash = wanted.serverHash && columns.every(hasServerForm);
  const request: Omit<ExportJobRequest, 'output'> = {
    scriptVersion,
    kind: 'export',
    partRows,
    server,
    subject,
    columns: carriedColumns(columns),
    sessionSql: sessionSql[consistency],
    statements: [carriedSelect(table, columns, predicate, serverHash)],
    serverHash,
    serverErrors,
  };
  return performJob(job, {
    bucket,
    prefix,
    request: (output) => ({ ...request, output }),
    result: exportResultSchema,
    written: (result) => [{ ...result, prefix }],
  });
}
