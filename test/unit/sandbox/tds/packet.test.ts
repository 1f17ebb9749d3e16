import fc from 'fast-check';
import {
  framePackets,
  PacketReader,
  packetStatus,
  packetType,
} from '../../../../sandbox/sqlserver/tds/packet';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

describe('packets', () => {
  it('come back as the messages they were, wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(bytes(3_000), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 16, max: 700 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (messages, packetSize, cuts) => {
          const wire = Buffer.concat(
            messages.map((data) => framePackets(packetType.rpc, data, packetSize, 1, true).packets),
          );
          const reader = new PacketReader();
          const read: Buffer[] = [];
          for (let from = 0, turn = 0; from < wire.length; turn += 1) {
            const to = from + (cuts[turn % cuts.length] as number);
            read.push(...reader.push(wire.subarray(from, to)).map(({ data }) => data));
            from = to;
          }
          expect(read).toEqual(messages);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('of an unfinished message are full, and leave something for the one that ends it', () => {
    const first = framePackets(packetType.response, Buffer.alloc(992, 7), 504, 255, false);
    expect([first.count, first.consumed]).toEqual([1, 496]);
    expect(first.packets.readUInt8(1)).toBe(0);
    const last = framePackets(packetType.response, Buffer.alloc(496, 7), 504, 256, true);
    expect([last.count, last.consumed]).toEqual([1, 496]);
    expect(last.packets.readUInt8(1)).toBe(packetStatus.endOfMessage);
    expect(last.packets.readUInt8(6)).toBe(0);
  });

  it('carry the status bits of all of a message', () => {
    const wire = framePackets(packetType.sqlBatch, Buffer.alloc(20), 18, 1, true).packets;
    wire.writeUInt8(packetStatus.resetConnection, 1);
    const [message] = new PacketReader().push(wire);
    expect(message?.status).toBe(packetStatus.resetConnection | packetStatus.endOfMessage);
  });

  it('with an impossible length are refused', () => {
    expect(() => new PacketReader().push(Buffer.from('0101000700000100', 'hex'))).toThrow(
      'impossible length',
    );
  });
});
