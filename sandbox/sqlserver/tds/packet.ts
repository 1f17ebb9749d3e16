import { protocolError } from './byte-reader.js';

/** Message types of a packet header (MS-TDS 2.2.3.1.1). */
export const packetType = {
  sqlBatch: 0x01,
  rpc: 0x03,
  response: 0x04,
  attention: 0x06,
  transactionManager: 0x0e,
  login7: 0x10,
  prelogin: 0x12,
} as const;

/** Status bits of a packet header (MS-TDS 2.2.3.1.2). */
export const packetStatus = {
  endOfMessage: 0x01,
  ignore: 0x02,
  resetConnection: 0x08,
  resetConnectionSkipTransaction: 0x10,
} as const;

const packetHeaderLength = 8;

/** One client message: its packets' payloads joined, and the status bits of all of them. */
export interface Message {
  readonly type: number;
  readonly status: number;
  readonly data: Buffer;
}

/** Puts packets back together from chunks cut anywhere, and messages from packets (MS-TDS 2.2.3). */
export class PacketReader {
  #pending: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #status = 0;

  /** Messages that `chunk` completes, in order. Throws on a header that cannot be. */
  push(chunk: Buffer): Message[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const messages: Message[] = [];
    for (let packet = this.#nextPacket(); packet !== undefined; packet = this.#nextPacket()) {
      this.#parts.push(packet.subarray(packetHeaderLength));
      this.#status |= packet.readUInt8(1);
      if ((this.#status & packetStatus.endOfMessage) !== 0) {
        messages.push({
          type: packet.readUInt8(0),
          status: this.#status,
          data: this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts),
        });
        this.#parts = [];
        this.#status = 0;
      }
    }
    return messages;
  }

  /** Bytes that are not yet a whole packet. */
  get rest(): Buffer {
    return this.#pending;
  }

  #nextPacket(): Buffer | undefined {
    if (this.#pending.length < packetHeaderLength) {
      return undefined;
    }
    const length = this.#pending.readUInt16BE(2);
    if (length < packetHeaderLength) {
      throw protocolError('A packet header holds an impossible length.');
    }
    if (this.#pending.length < length) {
      return undefined;
    }
    const packet = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    return packet;
  }
}

/** Bytes of `data` framed, and how many of them: whole packets only unless `last`. */
export interface Framed {
  readonly packets: Buffer;
  readonly consumed: number;
  readonly count: number;
}

/**
 * Frames a message's bytes into packets of `packetSize` bytes (MS-TDS 2.2.3.1). Unless `last`, a final packet's
 * worth stays behind, because the packet that ends a message must carry its flag and may not be empty.
 */
export function framePackets(
  type: number,
  data: Buffer,
  packetSize: number,
  firstId: number,
  last: boolean,
): Framed {
  const payload = packetSize - packetHeaderLength;
  const count = last
    ? Math.max(1, Math.ceil(data.length / payload))
    : Math.floor((data.length - 1) / payload);
  if (count <= 0) {
    return { packets: Buffer.alloc(0), consumed: 0, count: 0 };
  }
  const consumed = Math.min(data.length, count * payload);
  const packets = Buffer.allocUnsafeSlow(consumed + count * packetHeaderLength);
  for (let i = 0, from = 0, to = 0; i < count; i += 1) {
    const size = Math.min(payload, data.length - from);
    packets[to] = type;
    packets[to + 1] = last && i === count - 1 ? packetStatus.endOfMessage : 0;
    packets.writeUInt16BE(size + packetHeaderLength, to + 2);
    packets.writeUInt16BE(0, to + 4);
    packets[to + 6] = firstId + i;
    packets[to + 7] = 0;
    data.copy(packets, to + packetHeaderLength, from, from + size);
    from += size;
    to += size + packetHeaderLength;
  }
  return { packets, consumed, count };
}
