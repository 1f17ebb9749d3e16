import { fork } from 'node:child_process';
import { on, once } from 'node:events';
import { allocator, v8Flags } from '../workers/memory.js';
import { buildOursProcess } from './built.js';
import { type Figures, measureWithin } from './measure.js';
import { categoryOf, type OursProject, writeCategory, writeProject } from './ours-project.js';
import type { BenchSource } from './source.js';
import type { BenchTable } from './tables.js';
import type { BenchTarget } from './target.js';

export interface OursRequest {
  /** `direct` and `staged` copy one table; `join` is the founding join of two. */
  readonly mode: 'direct' | 'staged' | 'join';
  readonly tables: readonly BenchTable[];
  /** Chunks in flight; above 1 there is a chunk for each day. */
  readonly concurrency: number;
  /** False: no row is hashed on its way. */
  readonly checksums: boolean;
  /** True: the run ends with the rows compared, the target's primary key built, and the table live. */
  readonly keyed: boolean;
}

export interface OursFigures extends Figures {
  /** `schema.table` that has the rows now. */
  readonly table: string;
  /** What comparing the stage with the manifest by SQL takes on top; a keyed run has it within. */
  readonly readBackSeconds?: number;
}

/** The product's own activities in one warm worker process, without Temporal between them. */
export interface Ours {
  /** `ready` is waited for once all is prepared, before anything is measured. */
  run(request: OursRequest, ready: () => Promise<void>): Promise<OursFigures>;
  close(): Promise<void>;
}

/** What the process is asked, and what it answers; `failed` answers any question. */
export type OursQuestion = Pick<OursRequest, 'keyed' | 'checksums'> &
  (
    | { readonly ask: 'prepare'; readonly category: string; readonly concurrency: number }
    | { readonly ask: 'copy' | 'readBack' }
  );
export type OursAnswer =
  | { readonly answer: 'done'; readonly table: string }
  | { readonly answer: 'failed'; readonly error: string };

/**
 * Starts the process over a project directory of its own below `directory`.
 * @param environment variables of the process besides those of the project, or in their place
 */
export async function startOurs(
  directory: string,
  source: BenchSource,
  target: BenchTarget,
  environment: Readonly<Record<string, string>> = {},
): Promise<Ours> {
  const project: OursProject = writeProject(directory, source, target);
  const child = fork(buildOursProcess(), {
    execArgv: [...v8Flags.activities, ...profiling()],
    // Where no .env file of the checkout is read.
    cwd: project.directory,
    env: { ...allocator, ...process.env, ...project.environment, ...environment },
  });
  const answers = on(child, 'message');
  const ended = once(child, 'exit').then(() => ({ done: true }) as const);
  const ask = async (question: OursQuestion): Promise<string> => {
    child.send(question);
    const next = await Promise.race([answers.next(), ended]);
    if (next.done) throw new Error('The process of our own activities ended.');
    const [answer] = next.value as [OursAnswer];
    if (answer.answer === 'failed') throw new Error(answer.error);
    return answer.table;
  };
  return {
    async run(request, ready) {
      const { concurrency, keyed, checksums } = request;
      writeCategory(project, request);
      await ask({ ask: 'prepare', category: categoryOf(request), concurrency, keyed, checksums });
      await ready();
      let table = '';
      const figures = await measureWithin(child.pid ?? 0, async () => {
        table = await ask({ ask: 'copy', keyed, checksums });
      });
      // A keyed run has it within; what was never hashed has nothing to be compared with.
      if (keyed || !checksums) return { ...figures, table };
      const readBack = await measureWithin(child.pid ?? 0, () => ask({ ask: 'readBack', keyed, checksums }));
      return { ...figures, table, readBackSeconds: readBack.seconds };
    },
    async close() {
      child.disconnect();
      await ended;
    },
  };
}

/** With BENCH_PROFILE=directory the process leaves a CPU profile there when it ends. */
function profiling(): readonly string[] {
  const directory = process.env.BENCH_PROFILE ?? '';
  return directory === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${directory}`];
}

/** Why the product cannot do this here, or undefined where it can. */
export function refusalOf({ mode, checksums }: OursRequest, source: BenchSource): string | undefined {
  if (!source.tls) return 'the product reads no source without TLS';
  if (!checksums && mode === 'join') return 'what proves a join is part of its SQL';
  return undefined;
}
