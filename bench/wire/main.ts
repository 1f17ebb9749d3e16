import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foundingServer } from '../../sandbox/seed/founding-servers.js';
import { usageOf } from '../process-usage.js';
import { megabytes, report, round, setting } from '../result.js';
import { Drain } from './drain.js';
import { startWireSource, type WireSource } from './source.js';

/**
 * `tsx bench/wire/main.ts`: what the wire source sends and a client on this machine drains, in rows of the first
 * founding table, with and without TLS. ROWS in all (4,000,000 by default), out of BLOCK distinct ones.
 */
const rows = setting('ROWS', 4_000_000);
const block = Math.min(rows, setting('BLOCK', 100_000));
const login = { user: 'bench', password: 'Bench-1' };

async function measure(source: WireSource, packetSize: number, tls: boolean): Promise<object> {
  const drain = await Drain.open({
    host: source.host,
    port: source.port,
    ...login,
    database: 'DatabaseA',
    packetSize,
    ...(tls && { caFile: source.caFile }),
  });
  const sql = 'SELECT * FROM dbo.cell_performance_data';
  await drain.run(sql);
  const before = [process.cpuUsage(), usageOf(source.pid)] as const;
  const drained = await drain.run(sql);
  drain.close();
  const client = process.cpuUsage(before[0]);
  const cpu = (usageOf(source.pid)?.cpuSeconds ?? 0) - (before[1]?.cpuSeconds ?? 0);
  const millions = drained.rows / 1e6;
  return {
    packetSize,
    tls,
    rows: drained.rows,
    megabytes: megabytes(drained.bytes),
    millionRowsPerSecond: round(millions / drained.seconds),
    sourceCpuSecondsPerMillion: round(cpu / millions),
    clientCpuSecondsPerMillion: round((client.user + client.system) / 1e6 / millions),
  };
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wire-'));
  const source = await startWireSource({
    definition: foundingServer('server01', { rows: block, login }),
    recording: { repeat: Math.ceil(rows / block) },
    folder,
  });
  try {
    const figures = [];
    for (const tls of [false, true]) {
      for (const packetSize of [4096, 16_000]) figures.push(await measure(source, packetSize, tls));
    }
    report('wire', { figures, sourceRssMb: megabytes(usageOf(source.pid)?.rss ?? 0) });
  } finally {
    await source.close();
    rmSync(folder, { recursive: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
