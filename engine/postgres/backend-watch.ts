import type { Target, TargetClient } from './connection.js';

const askEveryMs = 1_000;

/**
 * Runs statements that are silent for as long as they take (a build, a checksum, a DELETE), calling `onProgress`
 * about each second in which their backend is at work and waits for no lock. The server has no counter for most
 * of them; that much can be seen, and tells honest work from a stall.
 */
export async function whileBackendWorks<T>(
  target: Target,
  client: TargetClient,
  onProgress: (() => void) | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (onProgress === undefined) return work();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  let asking = false;
  const ask = async () => {
    if (asking) return;
    asking = true;
    const activity = await target
      .query<{ works: boolean }>(
        `SELECT state = 'active' AND wait_event_type IS DISTINCT FROM 'Lock' AS works
           FROM pg_stat_activity WHERE pid = $1`,
        [rows[0]?.pid],
      )
      .catch(() => undefined);
    asking = false;
    if (activity?.rows[0]?.works) onProgress();
  };
  const timer = setInterval(() => void ask(), askEveryMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
