import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Dependencies } from '../../../activities/dependencies.js';
import { openRun } from '../../../activities/open-run.js';
import { MigrationError } from '../../../engine/errors.js';

const category = 'cell_perf_stats';
const repository = resolve(__dirname, '../../..');

describe('opening a run', () => {
  let project: string;
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'open-run-'));
    for (const part of ['config', 'sql/transform'])
      cpSync(join(repository, part), join(project, part), { recursive: true });
  });
  afterEach(() => rmSync(project, { recursive: true, force: true }));

  /** With a target of those messages, which answers no other question. */
  const open = (
    poison: string,
    language: string,
    server = { reader: false, readOnly: false },
  ): Promise<unknown> => {
    const file = join(project, `config/categories/${category}.json`);
    const json = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...json, poison }));
    const target = {
      address: 'warehouse:5432/mart',
      withClient: (work: (client: object) => Promise<unknown>) =>
        work({ query: async () => ({ rows: [server] }) }),
      query: async (text: string) => {
        if (!text.includes('lc_messages')) throw new MigrationError('TARGET_LOGIN', 'asked on');
        return { rows: [{ language, role: 'migration' }] };
      },
    };
    const deps = {
      environment: { configDir: join(project, 'config'), parameters: {} },
      target,
    } as unknown as Dependencies;
    return new MockActivityEnvironment()
      .run(() => openRun(deps)({ runId: 'r', category }))
      .catch((error: unknown) => error);
  };

  it.each(['de_DE.UTF-8', 'cs_CZ', 'Chinese_China.936', 'es_ES', 'fr'])(
    'refuses quarantine where refused rows are told in the language of %s',
    async (language) => {
      expect(await open('quarantine', language)).toMatchObject({
        type: 'TARGET_SHAPE',
        nonRetryable: true,
        message: expect.stringMatching(
          `'${language}' \\(lc_messages\\).*ALTER ROLE "migration" SET lc_messages = 'C'.*"poison": "park"`,
        ),
      });
    },
  );

  it.each(['', 'C', 'C.UTF-8', 'POSIX', 'en_US.UTF-8', 'en_GB', 'English_United States.1252'])(
    'goes on with quarantine where messages are those of "%s"',
    async (language) => {
      expect(await open('quarantine', language)).toMatchObject({ message: 'asked on' });
    },
  );

  it.each([
    [{ reader: true, readOnly: true }, /is a reader.*RDS_ENDPOINT must name the writer/],
    [{ reader: false, readOnly: true }, /default_transaction_read_only is on/],
  ])('refuses a target that takes no writes: %j', async (server, message) => {
    expect(await open('park', 'C', server)).toMatchObject({
      type: 'TARGET_READ_ONLY',
      nonRetryable: false,
      message: expect.stringMatching(message),
    });
  });

  it('does not care for the language of messages where a refused row parks its chunk anyway', async () => {
    expect(await open('park', 'de_DE.UTF-8')).toMatchObject({ message: 'asked on' });
  });
});
