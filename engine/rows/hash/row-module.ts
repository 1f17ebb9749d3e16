import { moduleBase64 } from './row-module.generated.js';

/** What is used of the WebAssembly of every Node, which the types of Node leave out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** Functions of `assembly/`, where they are told of. `nullable` false: no row of the column is NULL. */
interface Functions {
  begin(rows: number, fixedBytes: number): void;
  measure(rows: number, perByte: number): void;
  place(rows: number): number;
  writeBools(rows: number, nullable: boolean): void;
  writeNumbers(rows: number, nullable: boolean, width: number, scale: number): void;
  writeFloats(rows: number, nullable: boolean, width: number): void;
  writeDates(rows: number, nullable: boolean): number;
  writeTimestamps(rows: number, nullable: boolean, precision: number): number;
  /** `form` 0: text of a known form, 1: any other text, 2: bytes. */
  writeHeap(rows: number, nullable: boolean, form: 0 | 1 | 2): void;
  /** Signed, as all 64 bits that leave WebAssembly are. */
  hash(rows: number): bigint;
}

/** Numbers that the module makes known: addresses, and how many rows a group has. */
type Numbers = Readonly<
  Record<
    | 'groupRows'
    | 'largeRowBytes'
    | 'messageBytes'
    | 'nullsAt'
    | 'dataAt'
    | 'endsAt'
    | 'heapAt'
    | 'highsAt'
    | 'lowsAt',
    { readonly value: number }
  >
>;

/** The compiled module, and views of its memory, which the rows of a group are written into column by column. */
export interface RowModule {
  readonly call: Functions;
  /** The most rows of a group. */
  readonly groupRows: number;
  /** Rows whose text may be longer find no place in a group. */
  readonly largeRowBytes: number;
  readonly nulls: Uint8Array;
  /** Up to 16 bytes for each row. */
  readonly data: Uint8Array;
  /** Of the row before the first one, and of each row. */
  readonly ends: Int32Array;
  /** The bytes between the first and the last of `ends`. */
  readonly heap: Uint8Array;
  /** Of each row, once `hash` has returned. */
  readonly highs: Uint32Array;
  readonly lows: Uint32Array;
}

let instance: RowModule | undefined;

/**
 * The one of this thread: the memory of each WebAssembly instance reserves gigabytes of addresses. So nothing in it
 * outlives the caller's turn.
 */
export function sharedRowModule(): RowModule {
  instance ??= instantiate();
  return instance;
}

function instantiate(): RowModule {
  const module = new WebAssembly.Module(Buffer.from(moduleBase64, 'base64'));
  const call = new WebAssembly.Instance(module).exports as Functions &
    Numbers & { readonly memory: { readonly buffer: ArrayBuffer } };
  const { buffer } = call.memory;
  const groupRows = call.groupRows.value;
  return {
    call,
    groupRows,
    largeRowBytes: call.largeRowBytes.value,
    nulls: new Uint8Array(buffer, call.nullsAt.value, groupRows),
    data: new Uint8Array(buffer, call.dataAt.value, groupRows * 16),
    ends: new Int32Array(buffer, call.endsAt.value, groupRows + 1),
    heap: new Uint8Array(buffer, call.heapAt.value, call.messageBytes.value),
    highs: new Uint32Array(buffer, call.highsAt.value, groupRows),
    lows: new Uint32Array(buffer, call.lowsAt.value, groupRows),
  };
}
