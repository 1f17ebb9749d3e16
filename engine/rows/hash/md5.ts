import { md5Module } from './md5-module.js';

/** What is used of the WebAssembly of every Node, which the types of Node leave out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly md5: Md5['hash'];
}

/** MD5 of four messages at once. */
export interface Md5 {
  /** Room for messages, for the caller to write into. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Lane by lane the first four bytes of each digest, then the second four, each as a big-endian number. */
  readonly digests: Uint32Array<ArrayBuffer>;
  /** Hashes the messages at four places in `bytes`, each of `blocks` blocks of 64 bytes, padded as RFC 1321 says. */
  readonly hash: (first: number, second: number, third: number, fourth: number, blocks: number) => void;
}

const pages = 4;
const digestBytes = 32;
/** How large `bytes` is; `digests` lies behind it. */
export const messageBytes = pages * 65_536 - digestBytes;

let instance: Md5 | undefined;

/**
 * The one of this thread: the memory of each WebAssembly instance reserves gigabytes of addresses. So nothing in it
 * outlives the caller's turn.
 */
export function sharedMd5(): Md5 {
  instance ??= instantiate();
  return instance;
}

function instantiate(): Md5 {
  const module = new WebAssembly.Module(md5Module(pages, messageBytes));
  const { memory, md5 } = new WebAssembly.Instance(module).exports as Exports;
  return {
    bytes: new Uint8Array(memory.buffer, 0, messageBytes),
    digests: new Uint32Array(memory.buffer, messageBytes, digestBytes / 4),
    hash: md5,
  };
}
