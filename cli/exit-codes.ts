/** What the exit code tells a script; docs/cli.md has the same table, and a test keeps both in step. */
export const exitCodes = {
  done: { code: 0, meaning: 'Done. For `status`: the run goes on well, or has completed.' },
  failed: { code: 1, meaning: 'The run failed, or something went wrong that no other code names.' },
  usage: { code: 2, meaning: 'The command line or the environment is wrong; nothing was sent.' },
  attention: { code: 3, meaning: 'Chunks are parked: the run, or its end, needs `retry` or `skip`.' },
  stopped: { code: 4, meaning: 'The run was stopped, cancelled or terminated.' },
  unreachable: { code: 5, meaning: 'Temporal, a worker, the target database or a bucket does not answer.' },
  refused: { code: 6, meaning: 'Not possible as things are: no such run or chunk, or the run refused.' },
  interrupted: { code: 130, meaning: 'Ctrl-C ended the view; the run goes on.' },
} as const satisfies Record<string, { readonly code: number; readonly meaning: string }>;

export type Exit = keyof typeof exitCodes;
