import fc from 'fast-check';
import { LeaseHolder } from '../../../workflows/leases/lease-holder.js';
import { Leases } from '../../../workflows/leases/leases.js';
import type { Lease, LeaseReport } from '../../../workflows/messages.js';

/** A lessor and its lessees with messages under way: each pair's in order, as signals between workflows are. */
class Simulation {
  readonly lessees: Lessee[] = [];
  lessor = new Leases({ lessor: 'gate', members: [] });
  readonly #toLessor = new Map<string, LeaseReport[]>();
  readonly #toLessee = new Map<string, Lease[]>();

  constructor(public capacity: number) {}

  join(wanted: number): void {
    const lessee = new Lessee(`member${this.lessees.length}`, wanted);
    this.lessees.push(lessee);
    this.speak(lessee);
  }

  speak(lessee: Lessee): void {
    const report = lessee.report();
    if (report !== undefined) push(this.#toLessor, lessee.id, report);
  }

  /** Delivers one message of the lessee in either direction; false where none is under way. */
  deliver({ id }: Lessee): boolean {
    const report = this.#toLessor.get(id)?.shift();
    if (report !== undefined) this.lessor.report(report);
    const lease = this.#toLessee.get(id)?.shift();
    const lessee = this.lessees.find((candidate) => candidate.id === id);
    if (lease !== undefined && lessee !== undefined) {
      lessee.holder.take(lease);
      this.speak(lessee);
    }
    return report !== undefined || lease !== undefined;
  }

  allocate(): void {
    this.lessor.allocate(this.capacity);
    for (const { to, lease } of this.lessor.takeUnsent()) push(this.#toLessee, to.workflowId, lease);
  }

  settle(): void {
    for (let moved = true; moved; ) {
      this.allocate();
      moved = this.lessees.map((lessee) => this.deliver(lessee)).some(Boolean);
    }
  }

  get inUse(): number {
    return this.lessees.reduce((sum, lessee) => sum + lessee.inUse, 0);
  }

  get granted(): number {
    return this.lessor.members.reduce((sum, member) => sum + member.granted, 0);
  }
}

class Lessee {
  readonly holder: LeaseHolder;
  inUse = 0;

  constructor(
    readonly id: string,
    public wanted: number,
  ) {
    this.holder = new LeaseHolder({ workflowId: id, firstRunId: id });
  }

  report(): LeaseReport | undefined {
    return this.holder.report(this.wanted, this.inUse);
  }
}

function push<T>(queues: Map<string, T[]>, id: string, message: T): void {
  queues.set(id, [...(queues.get(id) ?? []), message]);
}

type Act = {
  readonly kind: 'join' | 'want' | 'start' | 'end' | 'deliver' | 'allocate' | 'capacity' | 'rotate' | 'carry';
  readonly who: number;
  readonly number: number;
};
const acts = fc.array(
  fc.record<Act>({
    kind: fc.constantFrom(
      'join',
      'want',
      'start',
      'start',
      'start',
      'end',
      'end',
      'deliver',
      'deliver',
      'deliver',
      'allocate',
      'allocate',
      'capacity',
      'rotate',
      'carry',
    ),
    who: fc.nat(7),
    number: fc.nat(9),
  }),
  { minLength: 100, maxLength: 300, size: 'max' },
);

function perform(simulation: Simulation, act: Act, changesCapacity: boolean): void {
  if (act.kind === 'join' && simulation.lessees.length < 8) simulation.join(act.number);
  if (act.kind === 'allocate') simulation.allocate();
  if (act.kind === 'rotate') simulation.lessor.rotate();
  if (act.kind === 'carry') simulation.lessor = new Leases(structuredClone(simulation.lessor.state));
  if (['join', 'allocate', 'rotate', 'carry'].includes(act.kind)) return;
  if (act.kind === 'capacity' && changesCapacity) simulation.capacity = act.number;
  const lessee = simulation.lessees[act.who % Math.max(1, simulation.lessees.length)];
  if (lessee === undefined) return;
  if (act.kind === 'want') lessee.wanted = act.number;
  if (act.kind === 'start' && lessee.inUse < Math.min(lessee.holder.permits, lessee.wanted))
    lessee.inUse += 1;
  if (act.kind === 'end') lessee.inUse = Math.max(0, lessee.inUse - 1);
  if (act.kind === 'deliver') simulation.deliver(lessee);
  else simulation.speak(lessee);
}

describe('leases', () => {
  it('never let more be in use than the capacity, however messages are delayed', () => {
    fc.assert(
      fc.property(fc.nat(12), acts, (capacity, script) => {
        const simulation = new Simulation(capacity);
        for (const act of script) {
          perform(simulation, act, false);
          expect(simulation.inUse).toBeLessThanOrEqual(capacity);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('drain to a lowered capacity without a new start, and use all of it once messages have arrived', () => {
    fc.assert(
      fc.property(fc.nat(12), acts, (capacity, script) => {
        const simulation = new Simulation(capacity);
        for (const act of script) {
          const granted = simulation.granted;
          perform(simulation, act, true);
          expect(simulation.inUse).toBeLessThanOrEqual(Math.max(simulation.granted, granted));
          expect(simulation.granted).toBeLessThanOrEqual(Math.max(simulation.capacity, granted));
        }
        for (const lessee of simulation.lessees) {
          lessee.inUse = 0;
          simulation.speak(lessee);
        }
        simulation.settle();
        const wanted = simulation.lessees.reduce((sum, lessee) => sum + lessee.wanted, 0);
        const permits = simulation.lessees.reduce(
          (sum, lessee) => sum + Math.min(lessee.wanted, lessee.holder.permits),
          0,
        );
        expect(permits).toBe(Math.min(wanted, simulation.capacity));
      }),
      { numRuns: 200 },
    );
  });

  it('are shared equally, and a brief need comes before long ones', () => {
    const simulation = new Simulation(5);
    for (const wanted of [200, 200]) simulation.join(wanted);
    simulation.settle();
    expect(simulation.lessees.map(({ holder }) => holder.permits)).toEqual([3, 2]);
    simulation.capacity = 1;
    const planning = new LeaseHolder({ workflowId: 'plan', firstRunId: 'plan' }, true);
    const report = planning.report(1, 0);
    if (report !== undefined) simulation.lessor.report(report);
    simulation.settle();
    expect(simulation.lessor.members.map(({ ref, permits }) => [ref.workflowId, permits])).toEqual([
      ['member0', 0],
      ['member1', 0],
      ['plan', 1],
    ]);
  });

  it('go round where there are more members than permits', () => {
    const simulation = new Simulation(1);
    for (const wanted of [9, 9, 9]) simulation.join(wanted);
    const served = new Set<string>();
    for (let turn = 0; turn < 3; turn += 1) {
      simulation.settle();
      for (const { id, holder } of simulation.lessees) if (holder.permits > 0) served.add(id);
      expect(simulation.lessor.starved).toBe(true);
      simulation.lessor.rotate();
    }
    expect(served.size).toBe(3);
  });

  it('are for one run: the next under the same workflow id ignores them', () => {
    const next = new LeaseHolder({ workflowId: 'migrate/c', firstRunId: 'second' });
    next.report(4, 0);
    next.take({ lessor: 'gate', firstRunId: 'first', membership: 1, permits: 2, version: 2 });
    expect(next.permits).toBe(0);
    next.take({ lessor: 'gate', firstRunId: 'second', membership: 1, permits: 4, version: 1 });
    expect(next.permits).toBe(4);
  });

  it('are known to a gate that was started anew as soon as its members repeat themselves', () => {
    const simulation = new Simulation(5);
    simulation.join(9);
    simulation.settle();
    const [lessee] = simulation.lessees as [Lessee];
    lessee.inUse = 2;
    expect(lessee.report()).toBeUndefined();
    simulation.lessor = new Leases({ lessor: 'gate', members: [] });
    lessee.holder.repeat();
    simulation.speak(lessee);
    simulation.join(9);
    simulation.deliver(lessee);
    // It may start three more without asking, so they are not there for others.
    expect(simulation.granted).toBe(5);
    simulation.settle();
    expect(simulation.lessees.map(({ holder }) => holder.permits)).toEqual([3, 2]);
  });

  it('grant nothing to others while a member that is expected has not said what it holds', () => {
    const lessor = new Leases({ lessor: 'total', members: [] });
    const ref = (name: string) => ({ workflowId: name, firstRunId: name });
    const [a, b] = [new LeaseHolder(ref('a')), new LeaseHolder(ref('b'))];
    for (const [name, holder] of [
      ['a', a],
      ['b', b],
    ] as const) {
      lessor.expect(ref(name));
      holder.introduce();
    }
    const send = (holder: LeaseHolder, wanted: number, holding: number): void => {
      const report = holder.report(wanted, holding);
      if (report !== undefined) lessor.report(report);
    };
    const permits = (): readonly number[] => {
      lessor.allocate(4);
      return lessor.members.map((member) => member.permits);
    };
    expect(permits()).toEqual([0, 0]);
    send(b, 9, 0);
    expect(permits()).toEqual([0, 0]);
    send(a, 9, 3);
    // Three are in use by a, one of which it must give up before b may have its second.
    expect([...permits()].sort()).toEqual([1, 2]);
    send(a, 0, 0);
    expect(lessor.members.map((member) => member.ref.workflowId)).toEqual(['b']);
    expect(permits()).toEqual([4]);
  });
});
