import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ServerDefinition } from '../../sandbox/sqlserver/engine/definition.js';
import type { RecordingOptions } from '../../sandbox/sqlserver/recorded/engine.js';

/** What the process of a wire source is told. */
export interface WireSourceRequest {
  readonly definition: ServerDefinition;
  readonly recording: RecordingOptions;
  /** Holds its certificates: `ca.pem` is what clients trust. */
  readonly folder: string;
}

export type WireSourceReply =
  | { readonly port: number; readonly caFile: string }
  | { readonly failed: string };

export interface WireSource {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly pid: number;
  readonly caFile: string;
  close(): Promise<void>;
}

/**
 * Starts a source that is never the bottleneck, in a process of its own: a SQL Server stand-in with the tables of
 * `definition`, which sends each large result from the second time on as bytes made before (see `recordingEngine`). So
 * ask for everything once before measuring. Rejects when the process ends or the definition is no good.
 */
export async function startWireSource(request: WireSourceRequest): Promise<WireSource> {
  const child = fork(join(__dirname, 'source-process.ts'), { execArgv: ['--import', 'tsx'] });
  const ended = once(child, 'exit');
  child.send(request);
  const reply = await Promise.race([
    once(child, 'message').then(([message]) => message as WireSourceReply),
    ended.then(([code]): WireSourceReply => ({ failed: `exit code ${code}` })),
  ]);
  if ('failed' in reply) {
    child.kill();
    throw new Error(`The wire source did not start: ${reply.failed}`);
  }
  return {
    host: '127.0.0.1',
    pid: child.pid ?? 0,
    ...reply,
    async close() {
      child.disconnect();
      await ended;
    },
  };
}
