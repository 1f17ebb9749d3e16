import { type IsolationLevel, isolationLevels, type Parameter, SqlServerError } from '../engine/types.js';
import { ByteReader, protocolError } from './byte-reader.js';
import { readTypeInfo } from './type-info-reader.js';
import { readValue } from './value-reader.js';

/** Skips ALL_HEADERS (MS-TDS 2.2.5.3): the session's own state says which transaction is open. */
function skipAllHeaders(reader: ByteReader): void {
  const length = reader.u32();
  if (length < 4 || length > reader.remaining + 4) {
    throw protocolError('ALL_HEADERS has an impossible length.');
  }
  reader.bytes(length - 4);
}

/** The text of a SQLBatch message (MS-TDS 2.2.6.7). */
export function parseSqlBatch(data: Buffer): string {
  const reader = new ByteReader(data);
  skipAllHeaders(reader);
  return reader.utf16(Math.floor(reader.remaining / 2));
}

export interface RpcParameter extends Parameter {
  readonly output: boolean;
}

export interface RpcCall {
  /** Lower-case name without schema. */
  readonly procedure: string;
  /** Where the call named one: `tempdb.sys.sp_getapplock`. */
  readonly database?: string;
  readonly parameters: readonly RpcParameter[];
}

/** Procedures that have a number on the wire (MS-TDS 2.2.6.6); the others are unknown by either name. */
const procedureIds: Readonly<Record<number, string>> = {
  10: 'sp_executesql',
  11: 'sp_prepare',
  12: 'sp_execute',
  13: 'sp_prepexec',
  15: 'sp_unprepare',
};

const batchFlag = { tds72: 0xff, tds71: 0x80, noExec: 0xfe };

/** The calls of an RPC message (MS-TDS 2.2.6.6), which may hold several. */
export function parseRpc(data: Buffer): RpcCall[] {
  const reader = new ByteReader(data);
  skipAllHeaders(reader);
  const calls: RpcCall[] = [];
  while (reader.remaining > 0) {
    const called = readProcedure(reader);
    reader.u16();
    const parameters: RpcParameter[] = [];
    let more = false;
    while (reader.remaining > 0 && !more) {
      const next = reader.buffer[reader.position] as number;
      more = next === batchFlag.tds72 || next === batchFlag.noExec || next === batchFlag.tds71;
      if (more) {
        reader.u8();
      } else {
        parameters.push(readParameter(reader));
      }
    }
    calls.push({ ...called, parameters });
  }
  return calls;
}

function readProcedure(reader: ByteReader): Pick<RpcCall, 'procedure' | 'database'> {
  const length = reader.u16();
  if (length === 0xffff) {
    const id = reader.u16();
    return { procedure: procedureIds[id] ?? `procedure number ${id}` };
  }
  const parts = reader.utf16(length).split('.');
  const [procedure = '', , database = ''] = parts.reverse();
  return { procedure: procedure.toLowerCase(), ...(database !== '' && { database }) };
}

function readParameter(reader: ByteReader): RpcParameter {
  const name = reader.byteText();
  const output = (reader.u8() & 1) === 1;
  const info = readTypeInfo(reader);
  return { name, output, type: info.type, value: readValue(reader, info) };
}

export type TransactionRequest =
  | { readonly kind: 'begin'; readonly isolation: IsolationLevel | undefined }
  | {
      readonly kind: 'commit' | 'rollback';
      /** A new transaction begins as this one ends. */
      readonly next?: { readonly isolation: IsolationLevel | undefined };
    };

const transactionRequest = { begin: 5, commit: 7, rollback: 8 } as const;

/** A transaction manager request (MS-TDS 2.2.6.9): local transactions without savepoints; else Msg 3989. */
export function parseTransactionRequest(data: Buffer): TransactionRequest {
  const reader = new ByteReader(data);
  skipAllHeaders(reader);
  const type = reader.u16();
  if (type === transactionRequest.begin) {
    return { kind: 'begin', isolation: readIsolation(reader) };
  }
  if (type !== transactionRequest.commit && type !== transactionRequest.rollback) {
    throw new SqlServerError(
      3989,
      `New request is not allowed to start: transaction request ${type} is unknown.`,
    );
  }
  const kind = type === transactionRequest.commit ? 'commit' : 'rollback';
  reader.bytes(reader.u8());
  return (reader.u8() & 1) === 1 ? { kind, next: { isolation: readIsolation(reader) } } : { kind };
}

/** 0 keeps the session's level; 1 to 5 are the levels in the order of `isolationLevels`. */
function readIsolation(reader: ByteReader): IsolationLevel | undefined {
  const level = reader.u8();
  if (level > isolationLevels.length) {
    throw protocolError('A transaction asks for an isolation level that does not exist.');
  }
  return level === 0 ? undefined : isolationLevels[level - 1];
}
