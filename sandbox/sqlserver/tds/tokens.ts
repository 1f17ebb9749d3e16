import type { ResultColumn, SqlType } from '../engine/types.js';
import type { ByteWriter } from './byte-writer.js';
import { type CellWriter, compileCellWriter } from './cell-writer.js';
import { writeTypeInfo } from './type-info.js';

/** Token stream identifiers (MS-TDS 2.2.4). */
const tokenId = {
  returnStatus: 0x79,
  colMetadata: 0x81,
  error: 0xaa,
  info: 0xab,
  returnValue: 0xac,
  loginAck: 0xad,
  featureExtAck: 0xae,
  envChange: 0xe3,
} as const;

/** The three tokens that end a statement, a procedure, a statement in a procedure (MS-TDS 2.2.7.6 to 2.2.7.8). */
export const doneToken = { done: 0xfd, doneProc: 0xfe, doneInProc: 0xff } as const;
export type DoneToken = (typeof doneToken)[keyof typeof doneToken];

export const doneStatus = { final: 0x00, more: 0x01, error: 0x02, count: 0x10, attention: 0x20 } as const;

/** CurCmd of a DONE: what kind of statement ended. */
export const command = { other: 0x00, select: 0xc1, insert: 0xc3, delete: 0xc4, update: 0xc5 } as const;

/** Types of ENVCHANGE (MS-TDS 2.2.7.9). */
export const envChange = {
  database: 1,
  language: 2,
  packetSize: 4,
  collation: 7,
  beginTransaction: 8,
  commitTransaction: 9,
  rollbackTransaction: 10,
  resetConnection: 18,
} as const;

const columnFlag = { nullable: 0x0001, updatableUnknown: 0x0008 } as const;
const noLength = 0xffff;
/** By which clients tell a rowversion from other binary values. */
const rowversionUserType = 0x50;

export function writeDone(
  out: ByteWriter,
  token: DoneToken,
  status: number,
  cmd: number,
  rows: number,
): void {
  out.u8(token);
  out.u16(status);
  out.u16(cmd);
  out.u64(BigInt(rows));
}

/** COLMETADATA (MS-TDS 2.2.7.4). */
export function writeColMetadata(out: ByteWriter, columns: readonly ResultColumn[]): void {
  out.u8(tokenId.colMetadata);
  out.u16(columns.length === 0 ? noLength : columns.length);
  for (const { name, type, nullable } of columns) {
    out.u32(type.name === 'rowversion' ? rowversionUserType : 0);
    out.u16(columnFlag.updatableUnknown | (nullable ? columnFlag.nullable : 0));
    writeTypeInfo(out, type, nullable);
    if (type.name === 'text' || type.name === 'ntext' || type.name === 'image') writeTableName(out);
    out.byteText(name);
  }
}

/** The table of a text or image column in its parts (MS-TDS 2.2.7.4), which the engine does not tell: one, empty. */
function writeTableName(out: ByteWriter): void {
  out.u8(1);
  out.shortText('');
}

/** A token whose length, two bytes, is known only when `body` has written it. */
function writeSized(out: ByteWriter, id: number, body: () => void): void {
  out.u8(id);
  const at = out.length;
  out.u16(0);
  body();
  out.buffer.writeUInt16LE(out.length - at - 2, at);
}

export interface ServerMessage {
  readonly number: number;
  readonly state: number;
  readonly severity: number;
  readonly message: string;
  readonly serverName: string;
  readonly line: number;
}

/** ERROR or INFO (MS-TDS 2.2.7.10, 2.2.7.13). */
export function writeMessage(out: ByteWriter, kind: 'error' | 'info', message: ServerMessage): void {
  writeSized(out, kind === 'error' ? tokenId.error : tokenId.info, () => {
    out.u32(message.number);
    out.u8(message.state);
    out.u8(message.severity);
    // The token's own length has two bytes, so a text cannot take all of them.
    out.shortText(message.message.slice(0, 16_000));
    out.byteText(message.serverName);
    out.byteText('');
    out.u32(message.line);
  });
}

/** ENVCHANGE of a text: database, language, packet size. */
export function writeEnvText(out: ByteWriter, type: number, value: string, old: string): void {
  writeSized(out, tokenId.envChange, () => {
    out.u8(type);
    out.byteText(value);
    out.byteText(old);
  });
}

/** ENVCHANGE of bytes: collation, transaction descriptors, the end of a reset. */
export function writeEnvBytes(out: ByteWriter, type: number, value: Uint8Array, old: Uint8Array): void {
  writeSized(out, tokenId.envChange, () => {
    out.u8(type);
    out.u8(value.length);
    out.bytes(value);
    out.u8(old.length);
    out.bytes(old);
  });
}

/** LOGINACK (MS-TDS 2.2.7.14): T-SQL interface, the TDS version (sent high byte first), product and version. */
export function writeLoginAck(
  out: ByteWriter,
  tdsVersion: number,
  product: string,
  [major, minor, build]: readonly [number, number, number],
): void {
  writeSized(out, tokenId.loginAck, () => {
    out.u8(1);
    for (const shift of [24, 16, 8, 0]) {
      out.u8(tdsVersion >>> shift);
    }
    out.byteText(product);
    out.bytes(Buffer.from([major, minor, build >>> 8, build & 0xff]));
  });
}

/** FEATUREEXTACK (MS-TDS 2.2.7.11) that grants UTF8_SUPPORT and nothing else. */
export function writeUtf8FeatureAck(out: ByteWriter): void {
  out.u8(tokenId.featureExtAck);
  out.u8(0x0a);
  out.u32(1);
  out.u8(1);
  out.u8(0xff);
}

export function writeReturnStatus(out: ByteWriter, value: number): void {
  out.u8(tokenId.returnStatus);
  out.u32(value);
}

/** RETURNVALUE (MS-TDS 2.2.7.18) of an output parameter that is not NULL. */
export function writeReturnValue(
  out: ByteWriter,
  parameter: {
    readonly ordinal: number;
    readonly name: string;
    readonly type: SqlType;
    readonly value: Parameters<CellWriter>[1];
  },
): void {
  out.u8(tokenId.returnValue);
  out.u16(parameter.ordinal);
  out.byteText(parameter.name);
  out.u8(1);
  out.u32(0);
  out.u16(columnFlag.nullable);
  writeTypeInfo(out, parameter.type, true);
  compileCellWriter(parameter.type, true)(out, parameter.value);
}
