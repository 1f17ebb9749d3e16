import { ServerLimit } from '../../../workflows/gate/server-limit.js';
import type { GateTerms } from '../../../workflows/messages.js';

const guard = { threshold: 40, recover: 30, everySeconds: 15, probe: 'load' };
const terms = (name: string, limit: number, more: Partial<GateTerms> = {}): GateTerms => ({
  category: { workflowId: name, firstRunId: name },
  runId: name,
  server: 'server01',
  limit,
  ...more,
});
const shrink = { verdict: 'shrink', value: 57, cause: 'too many requests' } as const;
const grow = { verdict: 'grow', value: 2, cause: 'calm' } as const;

describe('the limit of a server', () => {
  it('is the smallest that its categories ask for, until an operator sets another', () => {
    const limit = new ServerLimit({ terms: [] });
    expect(limit.capacity).toBe(0);
    limit.join(terms('a', 8));
    limit.join(terms('b', 4));
    expect(limit.capacity).toBe(4);
    limit.set(6);
    expect(limit.seenBy('server01')).toEqual({ server: 'server01', limit: 6, now: 6 });
    limit.leave({ workflowId: 'b', firstRunId: 'b' });
    expect(limit.limit).toBe(6);
  });

  it('holds one session back for the guard', () => {
    const limit = new ServerLimit({ terms: [terms('a', 5, { guard })] });
    expect([limit.limit, limit.capacity, limit.seenBy('x').now]).toEqual([5, 4, 5]);
  });

  it('is halved by the guard down to a pause, grows back by one, and says why', () => {
    const limit = new ServerLimit({ terms: [terms('a', 9, { guard })] });
    const capacities = [shrink, shrink, shrink, shrink, shrink, grow, grow].map((verdict) => {
      limit.judge(verdict);
      return limit.capacity;
    });
    expect(capacities).toEqual([4, 2, 1, 0, 0, 1, 2]);
    expect(limit.seenBy('server01')).toEqual({ server: 'server01', limit: 9, now: 3, cause: 'calm' });
    for (let step = 0; step < 6; step += 1) limit.judge(grow);
    expect([limit.capacity, limit.reduced, limit.seenBy('x').cause]).toEqual([8, false, undefined]);
  });

  it('forgets what the guard said once no category asks for one', () => {
    const limit = new ServerLimit({ terms: [terms('a', 9, { guard }), terms('b', 9)] });
    limit.judge(shrink);
    limit.leave({ workflowId: 'a', firstRunId: 'a' });
    expect([limit.capacity, limit.reduced]).toEqual([9, false]);
  });

  it('forgets it also where its category takes the guard back while it runs', () => {
    const limit = new ServerLimit({ terms: [terms('a', 9, { guard })] });
    limit.judge(shrink);
    limit.join(terms('a', 6, { guard }));
    expect([limit.limit, limit.capacity]).toEqual([6, 4]);
    limit.join(terms('a', 6));
    expect([limit.capacity, limit.reduced]).toEqual([6, false]);
  });

  it('shows that a guard cannot be asked until it answers again', () => {
    const limit = new ServerLimit({ terms: [terms('a', 5, { guard })] });
    limit.trouble('no permission');
    expect(limit.seenBy('x')).toMatchObject({ now: 5, cause: 'no permission' });
    limit.judge(shrink);
    expect(limit.seenBy('x')).toMatchObject({ now: 3, cause: 'too many requests' });
  });
});
