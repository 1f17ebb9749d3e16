import type { Fault, Moment } from '../support/fault-proxy.js';
import type { Drill, Point } from './drill.js';
import type { Service } from './drill-services.js';

/** Drawn anew at each strike. */
type Draw<T> = (drill: Drill) => T;

/** A fault of a network, armed before the run starts or while it copies. */
export function broken(
  name: string,
  service: Service,
  armedAt: 'start' | 'copying',
  fault: Draw<Fault>,
  moment: Draw<Moment> = () => ({}),
  end?: Point['end'],
): Point {
  return {
    name: `${service}: ${name}`,
    ...(end !== undefined && { end }),
    async strike(drill) {
      const arm = () => drill.estate.proxies[service].arm(fault(drill), moment(drill));
      if (armedAt === 'start') {
        const { struck } = arm();
        await drill.start();
        await struck;
      } else {
        await drill.start();
        await drill.reached(drill.pick(1, 4));
        await arm().struck;
      }
    },
  };
}

export const cut: Draw<Fault> = () => ({ kind: 'cut' });
export const loseAnswer: Draw<Fault> = () => ({ kind: 'loseAnswer' });
export const stall: Draw<Fault> = () => ({ kind: 'stall', forMs: 4_000 });
const stallForEver: Draw<Fault> = () => ({ kind: 'stall' });
export const slow: Draw<Fault> = () => ({ kind: 'slow', bytesPerSecond: 4_000, forMs: 5_000 });
export const corrupt: Draw<Fault> = (drill) => ({ kind: 'corrupt', bit: drill.pick(0, 7) });
export const refuse: Draw<Fault> = () => ({ kind: 'refuse', forMs: 5_000 });

/** Bytes of a session's answers: TLS, login, the first statements, then rows and checksums. */
const stretches = {
  handshake: [50, 1_400],
  login: [1_500, 2_200],
  firstResult: [2_320, 2_700],
  rows: [4_000, 14_000],
} as const;

/** The first session on the source that comes so far. */
const within =
  (stretch: keyof typeof stretches): Draw<Moment> =>
  (drill) => {
    const [from, to] = stretches[stretch];
    return { direction: 'toClient', afterBytes: drill.pick(from, to) };
  };
/** The first session that sends so many requests. */
const inRequests: Draw<Moment> = (drill) => ({ afterBytes: drill.pick(1_700, 4_000) });
/** One of the sessions of a whole run. */
const inSession =
  (ordinal: number): Draw<Moment> =>
  (drill) => ({ ...within('firstResult')(drill), connection: ordinal });

const sourcePoints: readonly Point[] = [
  broken('cut while the run is opened', 'sqlserver', 'start', cut, inSession(0)),
  broken('cut while a database is planned', 'sqlserver', 'start', cut, inSession(2)),
  broken('cut in the TLS handshake', 'sqlserver', 'copying', cut, within('handshake')),
  broken('cut at the login', 'sqlserver', 'copying', cut, within('login')),
  broken('cut at the first result', 'sqlserver', 'copying', cut, within('firstResult')),
  broken('cut in the middle of a result', 'sqlserver', 'copying', cut, within('rows')),
  broken('cut between two statements', 'sqlserver', 'copying', cut, inRequests),
  broken('all connections cut at once', 'sqlserver', 'copying', cut),
  broken('stalled for some seconds', 'sqlserver', 'copying', stall),
  broken('a login that is never answered', 'sqlserver', 'copying', stallForEver, within('handshake')),
  broken('a result that never ends', 'sqlserver', 'copying', stallForEver, within('rows')),
  broken('slow for some seconds', 'sqlserver', 'copying', slow),
  broken('a bit flipped in the TLS handshake', 'sqlserver', 'copying', corrupt, within('handshake'), 'park'),
  broken('a bit flipped at the login', 'sqlserver', 'copying', corrupt, within('login'), 'park'),
  broken('a bit flipped in the middle of a result', 'sqlserver', 'copying', corrupt, within('rows'), 'park'),
  broken('a bit flipped in a request', 'sqlserver', 'copying', corrupt, inRequests, 'park'),
  broken('refuses connections for five seconds', 'sqlserver', 'copying', refuse),
];

const copy = 'COPY "stage"';
/** Somewhere in the rows of a COPY. */
const inCopy: Draw<Moment> = (drill) => ({
  after: [copy, 'FROM STDIN'],
  afterBytes: drill.pick(100, 12_000),
});
const at =
  (...after: readonly string[]): Draw<Moment> =>
  () => ({ after });

/** Idle connections are used again, so all of them go first. */
const cutWhileConnecting: Point = {
  name: 'postgres: cut while it connects',
  async strike(drill) {
    const { postgres } = drill.estate.proxies;
    await drill.start();
    await drill.reached(drill.pick(1, 4));
    postgres.arm({ kind: 'cut' });
    await postgres.arm({ kind: 'cut' }, { connection: drill.pick(0, 1), afterBytes: drill.pick(10, 60) })
      .struck;
  },
};

const targetPoints: readonly Point[] = [
  cutWhileConnecting,
  broken('cut in the middle of COPY', 'postgres', 'start', cut, inCopy),
  broken('cut at COMMIT, which never arrives', 'postgres', 'start', cut, at(copy, 'COMMI')),
  broken('the COMMIT of a COPY is not answered', 'postgres', 'start', loseAnswer, at(copy, 'COMMIT')),
  broken(
    'the COMMIT of a plan is not answered',
    'postgres',
    'start',
    loseAnswer,
    at('migration_control.chunk AS c', 'COMMIT'),
  ),
  broken(
    'the COMMIT of the removal is not answered',
    'postgres',
    'start',
    loseAnswer,
    at('migration_control.removal', 'COMMIT'),
  ),
  broken('the mark DONE is not answered', 'postgres', 'start', loseAnswer, at("state = 'DONE', cause_code")),
  broken(
    'the record of a step is not answered',
    'postgres',
    'start',
    loseAnswer,
    at('INTO migration_control.step'),
  ),
  broken('the finalize is not answered', 'postgres', 'start', loseAnswer, at('CALL ')),
  broken('cut before the finalize', 'postgres', 'start', cut, at('CALL ')),
  broken(
    "the run's end is not answered",
    'postgres',
    'start',
    loseAnswer,
    at('UPDATE migration_control.run'),
  ),
  broken('all connections cut at once', 'postgres', 'copying', cut),
  broken('stalled for some seconds', 'postgres', 'copying', stall),
  broken('a COPY that stalls for ever', 'postgres', 'start', stallForEver, inCopy),
  broken(
    'a record that stalls for ever',
    'postgres',
    'start',
    stallForEver,
    at('INTO migration_control.step'),
  ),
  broken('slow for some seconds', 'postgres', 'copying', slow),
  broken('refuses connections for five seconds', 'postgres', 'copying', refuse),
  ...['early', 'in the middle', 'late'].map((place, third) =>
    broken(
      `a bit flipped in a COPY, ${place}`,
      'postgres',
      'start',
      corrupt,
      (drill) => ({
        after: [copy, 'FROM STDIN'],
        afterBytes: drill.pick(100 + third * 4_000, 4_100 + third * 4_000),
      }),
      'resume',
    ),
  ),
];

const temporalPoints: readonly Point[] = [
  broken('all connections cut at once', 'temporal', 'copying', cut),
  broken('cut again and again', 'temporal', 'copying', cut, (drill) => ({
    afterBytes: drill.pick(200, 20_000),
  })),
  broken('stalled for some seconds', 'temporal', 'copying', stall),
  broken('slow for some seconds', 'temporal', 'copying', slow),
  broken('refuses connections for five seconds', 'temporal', 'copying', refuse),
];

/** What networks do to the three servers. */
export const networkPoints: readonly Point[] = [...sourcePoints, ...targetPoints, ...temporalPoints];
