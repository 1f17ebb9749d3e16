import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Drill, Point } from './drill.js';
import type { Service } from './drill-services.js';

/** While it copies, at a number of recorded steps that the seed draws. */
const during = (name: string, strike: (drill: Drill) => Promise<unknown>): Point => ({
  name,
  async strike(drill) {
    await drill.start();
    await drill.reached(drill.pick(2, 45));
    await strike(drill);
  },
});

const restarted = (name: string, service: Service, signal: NodeJS.Signals, downMs = 0): Point =>
  during(name, (drill) => drill.estate.restart(service, signal, downMs));

/** As a fail-over looks from outside: all sessions end, and for some seconds nobody may write. */
async function readOnly({ estate }: Drill, forMs: number): Promise<void> {
  const set = (client: Client, value: string) =>
    client.query(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
  await estate.withTarget(async (client) => {
    await set(client, 'on');
    await client.query('SELECT pg_reload_conf()');
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'migrate'`,
    );
    await sleep(forMs);
    await set(client, 'off');
    await client.query('SELECT pg_reload_conf()');
  });
}

const servers: readonly Point[] = [
  restarted('SQL Server is killed and starts again', 'sqlserver', 'SIGKILL'),
  restarted('SQL Server is down for eight seconds', 'sqlserver', 'SIGTERM', 8_000),
  restarted('PostgreSQL shuts down fast and starts again', 'postgres', 'SIGINT'),
  restarted('PostgreSQL shuts down at once and recovers', 'postgres', 'SIGQUIT'),
  restarted('PostgreSQL is down for eight seconds', 'postgres', 'SIGINT', 8_000),
  during('PostgreSQL is read-only for eight seconds', (drill) => readOnly(drill, 8_000)),
  restarted('Temporal is killed and starts again', 'temporal', 'SIGKILL'),
  restarted('Temporal is down for eight seconds', 'temporal', 'SIGINT', 8_000),
];

type WorkerName = 'activities' | 'workflows';

async function bounce({ estate }: Drill, name: WorkerName, signal: NodeJS.Signals): Promise<void> {
  const worker = estate.workers[name];
  const how = await worker.down(signal);
  if (signal === 'SIGTERM' && how !== 'exit code 0') throw new Error(`The ${name} worker ended with ${how}.`);
  await worker.up();
}

async function bothDown({ estate }: Drill, ms: number): Promise<void> {
  const workers = Object.values(estate.workers);
  await Promise.all(workers.map((worker) => worker.down('SIGKILL')));
  await sleep(ms);
  await Promise.all(workers.map((worker) => worker.up()));
}

/** The swap waits for a reader, and the worker dies while it waits. */
const killedBeforeSwap: Point = {
  name: 'killed with the target built, waiting to swap',
  async strike(drill) {
    await drill.estate.withTarget(async (reader) => {
      const { rows } = await reader.query(`SELECT to_regclass('mart.cell_perf_stats') IS NOT NULL AS made`);
      if (!rows[0].made) {
        await drill.start();
        await drill.end(undefined);
      }
      await reader.query('BEGIN; LOCK TABLE mart.cell_perf_stats IN ACCESS SHARE MODE');
      await drill.start();
      for (let waiting = 0; waiting === 0; await sleep(50)) {
        const { rowCount } = await reader.query(
          `SELECT FROM pg_locks WHERE NOT granted AND relation = 'mart.cell_perf_stats'::regclass`,
        );
        waiting = rowCount ?? 0;
      }
      await drill.kill();
      await reader.query('ROLLBACK');
    });
  },
};

/** Random moments, many chunks in flight; as fast as a supervisor can start a worker again. */
const tenKills: Point = {
  name: 'the activity worker is killed ten times in one run',
  async strike(drill) {
    await drill.start();
    for (let kills = 0; kills < 10; kills += 1) {
      await sleep(drill.pick(0, 1_500));
      await drill.kill();
    }
  },
};

const clock = (name: string, ms: number): Point => during(name, (drill) => drill.order({ clockMs: ms }));

const workers: readonly Point[] = [
  ...[1, 2, 3].map((nth) =>
    during(`the activity worker is killed at a random moment (${nth})`, (drill) => drill.kill()),
  ),
  during('the activity worker is told to stop', (drill) => bounce(drill, 'activities', 'SIGTERM')),
  during('the workflow worker is killed', (drill) => bounce(drill, 'workflows', 'SIGKILL')),
  during('the workflow worker is told to stop', (drill) => bounce(drill, 'workflows', 'SIGTERM')),
  during('both workers are killed', (drill) => bothDown(drill, 0)),
  during('both workers are down for 15 seconds', (drill) => bothDown(drill, 15_000)),
  clock("the worker's clock jumps ahead by an hour", 3_600_000),
  clock("the worker's clock jumps back by an hour", -3_600_000),
  killedBeforeSwap,
  tenKills,
];

/** Servers and workers that come and go. */
export const servicePoints: readonly Point[] = [...servers, ...workers];
