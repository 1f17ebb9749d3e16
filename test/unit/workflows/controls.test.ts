import fc from 'fast-check';
import { Controls, scopeText } from '../../../workflows/category/controls.js';
import type { Scope, StopMode } from '../../../workflows/messages.js';

const database = { target: 't', server: 's1', database: 'A' };
const scopes = fc.record(
  {
    target: fc.constantFrom('t', 'u'),
    server: fc.constantFrom('s1', 's2'),
    database: fc.constantFrom('A', 'B'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Scope>;
const modes = fc.constantFrom<StopMode>('drain', 'now');

describe('controls', () => {
  it('hold what every named part of a pause matches, and nothing else', () => {
    const controls = new Controls();
    controls.pause({ scope: { server: 's1' } });
    expect(controls.holdOf(database)).toBe('drain');
    expect(controls.holdOf({ ...database, server: 's2' })).toBeUndefined();
    // Building a target touches no server of its own.
    expect(controls.holdOf({ target: 't' })).toBeUndefined();
    controls.pause({ mode: 'now', scope: { target: 't' } });
    expect(controls.holdOf(database)).toBe('now');
    expect(controls.holdOf({ target: 't' })).toBe('now');
  });

  it('are the same however often a message arrives', () => {
    fc.assert(
      fc.property(scopes, modes, fc.nat(3), (scope, mode, times) => {
        const [once, often] = [new Controls(), new Controls()];
        for (let time = 0; time <= times; time += 1) often.pause({ mode, scope });
        once.pause({ mode, scope });
        expect(often.state.pauses).toEqual(once.state.pauses);
        for (let time = 0; time <= times; time += 1) often.resume({ scope });
        expect(often.state.pauses).toEqual([]);
      }),
    );
  });

  it('are free of every pause after a resume of all', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(scopes, modes)), (pauses) => {
        const controls = new Controls();
        for (const [scope, mode] of pauses) controls.pause({ scope, mode });
        controls.resume({});
        expect(controls.state.pauses).toEqual([]);
        expect(controls.holdOf(database)).toBeUndefined();
      }),
    );
  });

  it('lift what lies within a resumed scope, and name the wider pause that stays', () => {
    const controls = new Controls();
    controls.pause({ scope: { server: 's1' } });
    controls.pause({ scope: { server: 's1', database: 'A' } });
    controls.pause({ scope: { server: 's2' } });
    expect(controls.pausedBeyond({ server: 's1', database: 'A' })).toMatchObject({ scope: { server: 's1' } });
    controls.resume({ scope: { server: 's1' } });
    expect(controls.state.pauses.map(({ scope }) => scopeText(scope))).toEqual(['server s2']);
    expect(controls.pausedBeyond({ server: 's1' })).toBeUndefined();
  });

  it('stop for good, and a stop that hurries is not slowed down', () => {
    const controls = new Controls();
    controls.stop({ mode: 'now' });
    controls.stop({});
    controls.resume({});
    expect(controls.state.stopping).toBe('now');
    expect(controls.holdOf(database)).toBe('now');
  });

  it('raise their version with every message, so that databases can tell old from new', () => {
    const controls = new Controls();
    const versions = [0];
    for (const act of [
      () => controls.pause({}),
      () => controls.setTotal(3),
      () => controls.setTotal(null),
      () => controls.resume({}),
    ]) {
      act();
      versions.push(controls.state.version);
    }
    expect(versions).toEqual([0, 1, 2, 3, 4]);
    expect(controls.state.total).toBeUndefined();
  });
});
