import { setTimeout as delay } from 'node:timers/promises';
import { sourceError } from './errors.js';
import type { SourceSession } from './session.js';
import { lockName, type SessionLocks } from './session-locks.js';

/** A source whose sessions are counted. */
export interface LimitedSource {
  readonly open: () => Promise<SourceSession>;
  /** The server's present limit; asked before each attempt, as it may have changed. */
  readonly limit: () => Promise<number>;
  readonly locks: SessionLocks;
  /** Hears that no session is free and that another attempt follows in a moment. */
  readonly waiting: () => void;
  readonly signal: AbortSignal;
  /** Default ten minutes: longer than a server takes to notice that a client is lost. */
  readonly patienceMs?: number;
}

const defaultPatienceMs = 600_000;
/** A session that was cut off is gone from its server a moment later. */
const firstPauseMs = 300;
const longestPauseMs = 5_000;

/**
 * Opens a session as soon as the server's limit has room for one more. What finds no room is closed at once, so that it
 * is no session above the limit.
 * @throws MigrationError SOURCE_BUSY when there was no room in time; what `open` throws; the reason of `signal`
 */
export async function openWithinLimit(source: LimitedSource): Promise<SourceSession> {
  const until = Date.now() + (source.patienceMs ?? defaultPatienceMs);
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    const limit = await source.limit();
    const session = await source.open();
    if (await takes(session, limit, source)) return session;
    if (Date.now() >= until) throw busy(session, limit);
    source.waiting();
    await pausing(pause, source.signal);
  }
}

async function takes(session: SourceSession, limit: number, { locks }: LimitedSource): Promise<boolean> {
  let taken = false;
  try {
    taken = await locks.take(session, limit);
    return taken;
  } finally {
    if (!taken) await session.close();
  }
}

/** Spread, so that those who were refused together do not come back together. */
async function pausing(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}

function busy({ place }: SourceSession, limit: number): Error {
  return sourceError(
    'SOURCE_BUSY',
    place,
    `none of the ${limit} sessions that the server's limit allows became free. They belong to other migrations, ` +
      `perhaps of a second deployment, or were lost and the server has not noticed yet. Who holds the locks ` +
      `${lockName(1)} to ${lockName(limit)}: SELECT request_session_id, resource_description FROM sys.dm_tran_locks ` +
      `WHERE resource_type = 'APPLICATION'. It is tried again`,
  );
}
