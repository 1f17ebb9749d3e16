import { Connection } from '@temporalio/client';
import { migrate } from '../../support/cli';

/** The JSON that a control would carry, out of the command that `--explain` prints. */
async function inputOf(...args: readonly string[]): Promise<unknown> {
  const { code, out, err } = await migrate([...args, '--explain']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(/--input '([^']+)'/.exec(out)?.[1] ?? 'null');
}

let connect: jest.SpyInstance;
beforeEach(() => {
  delete process.env.TEMPORAL_ADDRESS;
  delete process.env.TEMPORAL_NAMESPACE;
  connect = jest.spyOn(Connection, 'connect');
});
afterEach(() => {
  expect(connect).not.toHaveBeenCalled();
  connect.mockRestore();
});

test.each([
  ['pause cat', { mode: 'drain' }],
  ['pause cat --now', { mode: 'now' }],
  [
    'pause cat --server s1 --database A --target t',
    { mode: 'drain', scope: { target: 't', server: 's1', database: 'A' } },
  ],
  ['resume cat', {}],
  ['resume cat --server s1', { scope: { server: 's1' } }],
  ['resume cat --keep-hours', { by: 'operator' }],
  ['stop cat', { mode: 'drain' }],
  ['stop cat --now', { mode: 'now' }],
  ['concurrency cat --total 12', { total: 12 }],
  ['concurrency cat --total none', { total: null }],
  ['concurrency cat --per-server s1=4 *=2', { perServer: { s1: 4, '*': 2 } }],
  ['concurrency cat --per-server 3 --total 9', { total: 9, perServer: { '*': 3 } }],
  ['reload cat', {}],
  ['retry cat t/s1/A/20250101', { chunk: 't/s1/A/20250101' }],
  ['retry cat t/s1/A/20250101 --parts 4', { chunk: 't/s1/A/20250101', parts: 4 }],
  ['retry cat --all', { where: {} }],
  ['retry cat --server s1 --code CHECKSUM_STAGE', { where: { server: 's1', code: 'CHECKSUM_STAGE' } }],
  ['skip cat t/s1/A/20250101 --reason broken', { chunk: 't/s1/A/20250101', reason: 'broken' }],
  ['start cat', { category: 'cat' }],
  [
    'start cat --job-mode restart --input-partition 202501',
    { category: 'cat', jobMode: 'restart', inputPartition: '202501' },
  ],
])('%s means %j', async (line, input) => {
  expect(await inputOf(...line.split(' '))).toEqual(input);
});

test.each([
  ['pause', "missing required argument 'category'"],
  ['pause a/b', 'name of a category'],
  ['pauze cat', "unknown command 'pauze'"],
  ['pause cat --sever s1', "unknown option '--sever'"],
  ['concurrency cat', 'nothing to set'],
  ['concurrency cat --per-server s1', 'server=number'],
  ['concurrency cat --per-server s1=', 'server=number'],
  ['concurrency cat --per-server s1=1 s1=2', 's1 is given twice'],
  ['concurrency cat --total 1.5', 'whole number'],
  ['retry cat', 'name one chunk, or --all'],
  ['retry cat t/s/d/w --all', 'not two of these'],
  ['retry cat --all --server s1', 'not two of these'],
  ['retry cat --all --parts 2', '--parts splits one chunk'],
  ['skip cat t/s/d/w', "required option '--reason <text>'"],
  ['start cat --job-mode sync', 'Allowed choices are resume, restart'],
  ['chunks cat --limit 0', "from 1, or 'all'"],
  ['hours cat', 'give one of --allow'],
  ['hours cat --show --remove', 'give one of --allow'],
  ['hours cat --allow 22:00-06:00', 'give --timezone'],
])('%s is refused before anything is connected to', async (line, message) => {
  const { code, out, err } = await migrate(line.split(' '));
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(message);
  expect(err.trimEnd()).not.toContain('\n');
});

test('with --json a failure is a document too', async () => {
  const { err } = await migrate(['retry', 'cat', '--json']);
  expect(JSON.parse(err)).toEqual({
    error: { reason: 'usage', exitCode: 2, message: expect.stringContaining('name one chunk') },
  });
});

test('an address and a namespace that are not the defaults are part of what is explained', async () => {
  process.env.TEMPORAL_ADDRESS = 'temporal.example.com:7233';
  process.env.TEMPORAL_NAMESPACE = 'night shift';
  const { out } = await migrate(['status', 'cat', '--explain']);
  expect(out.replace(/\s+\\\n\s+/g, ' ')).toBe(
    "temporal workflow query --workflow-id migrate/cat --type status --address temporal.example.com:7233 --namespace 'night shift'\n",
  );
});
