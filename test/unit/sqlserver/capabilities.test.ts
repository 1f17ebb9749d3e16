import { MigrationError } from '../../../engine/errors';
import { canonicalRow, rowHash } from '../../../engine/rows/canonical';
import { probeCapabilities, probeChecksum, probeColumns } from '../../../engine/sqlserver/capabilities';
import { SourceFault } from '../../../engine/sqlserver/fault';
import type { SourceReader } from '../../../engine/sqlserver/session';

const micros = (text: string, extra = 0n) => BigInt(Date.parse(text)) * 1000n + extra;
const row = [
  true,
  -12,
  -500n,
  Date.parse('2025-01-31T00:00:00Z') / 86_400_000,
  micros('2025-01-31T23:59:59.997Z'),
  micros('0001-01-01T00:00:00Z', 1n),
  'né',
  'né 😀  ',
  null,
  -50n,
  -1.5,
  Math.fround(0.1),
  '23:59:59',
  '00:00:00.0000001',
  '9999-12-31 23:59:59.9999999',
  '2025-01-31 23:59:59 -02:30',
  '2025-01-31 23:59:59.1234567 +14:00',
  '6f9619ff-8b86-d011-b42d-00c04fc964ff',
  Uint8Array.of(0x00, 0xff, 0x3b),
  Uint8Array.of(0x6e, 0xe9),
  Uint8Array.of(0x6e, 0x00, 0xe9, 0x00, 0x20, 0x00, 0x3d, 0xd8, 0x00, 0xde),
];

function server(sum: string | Error): SourceReader {
  return {
    place: { alias: 'server01', host: 'h', port: 1433, database: 'D' },
    query: (statement: string) =>
      statement.includes('HASHBYTES')
        ? sum instanceof Error
          ? Promise.reject(sum)
          : Promise.resolve([{ rows: '1', sum }] as never)
        : Promise.resolve([
            { productVersion: '16.0.4135.4', engineEdition: 3, snapshotState: 1, rcsi: false },
          ] as never),
    stream: () => Promise.reject(new Error('not used')),
  };
}

describe('the capability probe', () => {
  it('knows the answer that the reader computes for the same row', () => {
    const sum = rowHash(canonicalRow(probeColumns, row)).toString(16).padStart(16, '0');
    expect(probeChecksum).toEqual({ rows: 1, sum });
  });

  it('trusts a server that gives the known answer, whatever its sign', async () => {
    const signed = BigInt.asIntN(64, BigInt(`0x${probeChecksum.sum}`)).toString();
    await expect(probeCapabilities(server(signed))).resolves.toEqual({
      productVersion: '16.0.4135.4',
      majorVersion: 16,
      engineEdition: 3,
      snapshotAllowed: true,
      rcsi: false,
      serverHash: true,
    });
  });

  it('does not trust one that gives another', async () => {
    await expect(probeCapabilities(server('12345'))).resolves.toMatchObject({ serverHash: false });
  });

  it('does without the hash where the collation is unknown, but passes other errors on', async () => {
    const unknown = new MigrationError('SOURCE_QUERY', 'x', { cause: new SourceFault(448, undefined) });
    await expect(probeCapabilities(server(unknown))).resolves.toMatchObject({ serverHash: false });
    const denied = new MigrationError('SOURCE_PERMISSION', 'x', { cause: new SourceFault(229, undefined) });
    await expect(probeCapabilities(server(denied))).rejects.toBe(denied);
  });
});
