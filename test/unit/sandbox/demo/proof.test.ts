import { type HopChecksum, hexSum } from '../../../../sandbox/demo/control.js';
import { prove, renderProof } from '../../../../sandbox/demo/proof.js';

const place = {
  server: 'server01',
  database: 'DatabaseA',
  rows: 5,
  sum: '00000000000000aa',
  method: 'duckdb',
};
const line = (hop: string, subject: string, change: Partial<HopChecksum> = {}): HopChecksum => ({
  ...place,
  hop,
  subject,
  matches: hop === 'source' ? null : true,
  ...change,
});
const sound = [
  line('target', 'target', { server: '(all)', database: '(all)', matches: null }),
  line('stage', 'target'),
  line('transformed', 'target'),
  line('raw', 'dbo.t'),
  line('source', 'dbo.t', { matches: null }),
];

describe('prove', () => {
  it('holds when every hop equals the one before it', () => {
    const proof = prove(sound, ['server01/DatabaseA']);
    expect(proof.holds).toBe(true);
    expect(proof.lines.map(({ hop, equal }) => [hop, equal])).toEqual([
      ['source', undefined],
      ['raw', true],
      ['transformed', true],
      ['stage', true],
      ['target', true],
    ]);
  });

  it.each([
    ['another sum', { sum: '00000000000000ab' }],
    ['other rows', { rows: 4 }],
    ['a recorded mismatch', { matches: false }],
  ])('fails on %s, whatever else the run recorded', (_, change) => {
    const proof = prove([...sound.filter(({ hop }) => hop !== 'stage'), line('stage', 'target', change)], []);
    expect(proof.holds).toBe(false);
    expect(proof.lines.find(({ hop }) => hop === 'stage')?.equal).toBe(false);
    expect(renderProof(proof)).toContain('✗');
  });

  it.each(['source', 'raw', 'transformed', 'stage', 'target'])(
    'fails when the hop %s is missing',
    (missing) => {
      const rest = sound.filter(({ hop }) => hop !== missing);
      expect(prove(rest, ['server01/DatabaseA']).holds).toBe(false);
    },
  );

  it('compares the target with the stages of all databases together', () => {
    const other = sound.slice(1).map((one) => ({ ...one, server: 'server02', sum: 'ffffffffffffffff' }));
    const target = (sum: string) =>
      line('target', 'target', { server: '(all)', database: '(all)', rows: 10, sum, matches: null });
    const both = ['server01/DatabaseA', 'server02/DatabaseA'];
    // 0xaa + (2^64 - 1) is 0xa9 modulo 2^64.
    expect(prove([...sound.slice(1), ...other, target('00000000000000a9')], both).holds).toBe(true);
    expect(prove([...sound.slice(1), ...other, target('00000000000000aa')], both).holds).toBe(false);
  });

  it('fails when a whole database is missing, or nothing was recorded', () => {
    expect(prove(sound, ['server01/DatabaseA', 'server02/DatabaseA']).holds).toBe(false);
    expect(prove([], ['server01/DatabaseA']).holds).toBe(false);
  });
});

describe('hexSum', () => {
  it('writes negative and overflowing sums modulo 2^64', () => {
    expect(hexSum(-1n)).toBe('ffffffffffffffff');
    expect(hexSum(2n ** 64n + 10n)).toBe('000000000000000a');
  });
});
