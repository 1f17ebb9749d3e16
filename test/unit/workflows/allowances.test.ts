import fc from 'fast-check';
import { Allowances } from '../../../workflows/allowances.js';

const database = (server: string, name: string) => ({ target: 't', server, database: name });

function used(allowances: Allowances, server: string): number {
  return allowances
    .all()
    .filter((entry) => entry.server === server)
    .reduce((sum, entry) => sum + allowances.of(entry, false).chunks, 0);
}

describe('Allowances', () => {
  it('divides each server limit evenly among its databases', () => {
    const allowances = new Allowances(5);
    const names = ['a', 'b'].map((name) => database('server01', name));
    for (const name of [...names, database('server02', 'a')]) allowances.add(name);
    allowances.rebalance();
    expect(allowances.all().map((name) => allowances.of(name, false).chunks)).toEqual([3, 2, 5]);
  });

  it('gives what a finished database leaves to the others of its server', () => {
    const allowances = new Allowances(2);
    const [a, b] = [database('s', 'a'), database('s', 'b')];
    allowances.add(a);
    allowances.add(b);
    allowances.rebalance();
    expect(allowances.remove(a)).toEqual([b]);
    expect(allowances.of(b, true)).toEqual({ chunks: 2, paused: true });
  });

  it('never raises a share while the limit falls, nor lowers one while it rises', () => {
    const limits = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), limits, limits, (count, before, after) => {
        const allowances = new Allowances(before);
        const names = Array.from({ length: count }, (_, index) => database('s', String(index)));
        for (const name of names) allowances.add(name);
        allowances.rebalance();
        const old = names.map((name) => allowances.of(name, false).chunks);
        allowances.setPerServer(after);
        expect(used(allowances, 's')).toBe(after);
        names.forEach((name, index) => {
          const change = allowances.of(name, false).chunks - (old[index] ?? 0);
          expect(after >= before ? change >= 0 : change <= 0).toBe(true);
        });
      }),
    );
  });
});
