import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A run as the stand-in keeps it; `states` are answered one after another, the last of them for ever. */
export interface StandInRun {
  readonly id: string;
  readonly job: string;
  readonly arguments: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly startedOn: number;
  states: string[];
  errorMessage?: string;
}

/** What becomes of the next request of an action: an error of the service, or no answer at all. */
type Fault =
  | { readonly error: string; readonly status?: number }
  /** Done, and the connection cut instead of an answer. */
  | 'lost'
  /** Cut before anything was done. */
  | 'cut';

export interface GlueServer {
  readonly endpoint: string;
  readonly jobs: Map<
    string,
    { readonly defaultArguments: Readonly<Record<string, string>>; readonly maxRetries: number }
  >;
  /** The oldest first. */
  readonly runs: StandInRun[];
  /** Requests by action, in order. */
  readonly calls: string[];
  /** Lines by log group and stream: `/aws-glue/jobs/error jr_1`. */
  readonly logs: Map<string, readonly string[]>;
  /** Faults of an action's next requests. */
  readonly faults: Map<string, Fault[]>;
  /** The states of a run that is about to begin; by default it succeeds at the third look. */
  onStart: (run: StandInRun) => void;
  /** The states of a run that was told to stop. */
  onStop: (run: StandInRun) => void;
  close(): Promise<void>;
}

/**
 * Speaks the JSON protocol of Glue and of CloudWatch Logs, as far as the engine uses them, with every state of a run and
 * every failure at will.
 * @see https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html
 */
export async function startGlueServer(): Promise<GlueServer> {
  const server = createServer((request, response) => void answer(glue, request, response));
  const glue: GlueServer = {
    endpoint: '',
    jobs: new Map(),
    runs: [],
    calls: [],
    logs: new Map(),
    faults: new Map(),
    onStart: (run) => {
      run.states = ['STARTING', 'RUNNING', 'SUCCEEDED'];
    },
    onStop: (run) => {
      run.states = ['STOPPING', 'STOPPED'];
    },
    close: () => closed(server),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(glue, { endpoint: `http://127.0.0.1:${port}` });
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

async function answer(glue: GlueServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const action = String(request.headers['x-amz-target'] ?? '').split('.')[1] ?? '';
  glue.calls.push(action);
  const fault = glue.faults.get(action)?.shift();
  if (fault === 'cut') return void request.socket.destroy();
  const { status, body } =
    typeof fault === 'object'
      ? refusal(fault.error, fault.status)
      : perform(glue, action, JSON.parse(text) as Body);
  if (fault === 'lost') return void request.socket.destroy();
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify(body));
}

type Body = Readonly<Record<string, unknown>>;
interface Answer {
  readonly status: number;
  readonly body: Body;
}

function refusal(name: string, status = 400): Answer {
  return { status, body: { __type: name, Message: 'refused' } };
}

function perform(glue: GlueServer, action: string, body: Body): Answer {
  const done = (result: Body): Answer => ({ status: 200, body: result });
  if (action === 'GetLogEvents') {
    const lines = glue.logs.get(`${String(body.logGroupName)} ${String(body.logStreamName)}`);
    if (lines === undefined) return refusal('ResourceNotFoundException');
    return done({ events: lines.map((message) => ({ message, timestamp: 0 })) });
  }
  const name = String(body.JobName);
  const job = glue.jobs.get(name);
  if (job === undefined) return refusal('EntityNotFoundException');
  switch (action) {
    case 'GetJob':
      return done({
        Job: { Name: name, DefaultArguments: job.defaultArguments, MaxRetries: job.maxRetries },
      });
    case 'StartJobRun':
      return done({ JobRunId: start(glue, name, body).id });
    case 'GetJobRun': {
      const run = glue.runs.find(({ id }) => id === body.RunId);
      return run === undefined ? refusal('EntityNotFoundException') : done({ JobRun: look(run) });
    }
    case 'GetJobRuns':
      return done(page(glue, name, body));
    case 'BatchStopJobRun':
      for (const run of glue.runs)
        if ((body.JobRunIds as readonly string[]).includes(run.id)) glue.onStop(run);
      return done({ SuccessfulSubmissions: [], Errors: [] });
    default:
      return refusal('UnknownOperationException');
  }
}

function start(glue: GlueServer, job: string, { Arguments, ...settings }: Body): StandInRun {
  const run: StandInRun = {
    id: `jr_${glue.runs.length + 1}`,
    job,
    arguments: (Arguments ?? {}) as Readonly<Record<string, string>>,
    settings,
    startedOn: Date.now() / 1000,
    states: ['STARTING'],
  };
  glue.runs.push(run);
  glue.onStart(run);
  return run;
}

/** Moves a run on by one state, as if time had passed. */
function look(run: StandInRun): Body {
  const shown = described(run);
  if (run.states.length > 1) run.states.shift();
  return shown;
}

function described(run: StandInRun): Body {
  return {
    Id: run.id,
    JobName: run.job,
    JobRunState: run.states[0],
    Arguments: run.arguments,
    ...(run.states[0] !== 'WAITING' && { StartedOn: run.startedOn }),
    // The service's example has no slash at its end, its answers may.
    LogGroupName: '/aws-glue/jobs/',
    ...(run.errorMessage !== undefined && { ErrorMessage: run.errorMessage }),
  };
}

/** The newest first, in pages of two, so that pages are turned. */
function page(glue: GlueServer, name: string, { NextToken }: Body): Body {
  const runs = glue.runs.filter(({ job }) => job === name).reverse();
  const from = Number(NextToken ?? 0);
  return {
    JobRuns: runs.slice(from, from + 2).map(described),
    ...(from + 2 < runs.length && { NextToken: String(from + 2) }),
  };
}
