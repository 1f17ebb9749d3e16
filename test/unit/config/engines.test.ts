import { enginesOf } from '../../../config/engines.js';
import { glueSecret } from '../../../config/glue-secret.js';
import type { TargetConfig } from '../../../config/run-config.js';
import { categoryFileSchema } from '../../../config/schema/category-file.js';

const target = {
  table: 't',
  columns: [{ name: 'a', type: 'integer', nullable: false }],
  primaryKey: ['a'],
  sources: [{ table: 's' }],
};
const parse = (file: object) => categoryFileSchema.safeParse({ targets: [target], ...file });

/** Of a category whose one target differs from a plain copy of one table. */
function engines(file: object, over: Partial<TargetConfig> = {}) {
  const chunk = { onePass: false };
  const copy = { name: 't', path: 'staged', scope: 'chunk', sources: [{ table: 's' }], columns: [], chunk };
  return enginesOf(
    categoryFileSchema.parse({ targets: [target], ...file }),
    [{ ...copy, ...over } as TargetConfig],
    'c.json',
  );
}
const transform = { file: 't.sql', sql: 'SELECT 1' };
const two = [{ table: 's' }, { table: 'u' }] as unknown as TargetConfig['sources'];

describe('the engines of a category', () => {
  it('are the embedded ones', () => {
    expect(engines({})).toEqual({
      engine: { export: 'embedded', transform: 'embedded' },
      glue: { timeoutMinutes: 480 },
    });
  });

  it('are both Glue by one word, or one of them', () => {
    expect(engines({ engine: 'glue' }).engine).toEqual({ export: 'glue', transform: 'glue' });
    expect(engines({ engine: { transform: 'glue' } }).engine).toEqual({
      export: 'embedded',
      transform: 'glue',
    });
  });

  it.each([
    [{ engine: 'spark' }, "'embedded', 'glue', or an object"],
    [{ engine: { exports: 'glue' } }, "nearest allowed: 'export'"],
    [{ glue: { workers: 1 } }, 'a whole number of workers from 2 to 299'],
    [{ glue: { workerType: 'big' } }, "such as 'G.1X'"],
    [{ glue: { timeoutMinutes: 1_441 } }, 'a whole number of minutes from 1 to 1440'],
    [{ glue: { timeout: 5 } }, 'allowed keys: exportJob, transformJob'],
  ])('%j is refused with what is allowed', (file, allowed) => {
    const { success, error } = parse(file);
    expect(success).toBe(false);
    expect(error?.issues.map(({ message }) => message).join()).toContain(allowed);
  });

  it.each([
    ['rows that rest in no bucket', {}, { path: 'direct' }, /path "direct" rests in no bucket/],
    [
      'two tables of one instant',
      {},
      { sources: two, transform },
      /the 2 source tables in a transaction of its own/,
    ],
    ['one reading for all windows', {}, { chunk: { onePass: true } }, /a job of Glue reads one window/],
    ['what is no character', {}, { columns: [{ policy: 'replace' }] }, /policy "replace" needs a reader/],
    ["a text's own bytes", {}, { columns: [{ policy: 'bytes' }] }, /"bytes" needs a reader .* "embedded"/],
  ] as const)('Glue is refused for %s, by file, field and target', (_, file, over, message) => {
    const choose = () => engines({ engine: 'glue', ...file }, over as unknown as Partial<TargetConfig>);
    expect(choose).toThrow(message);
    expect(choose).toThrow(/^c\.json: field '[\w.]+' and target 't': /);
    expect(() => engines(file, over as unknown as Partial<TargetConfig>)).not.toThrow();
  });

  it.each([
    ['one table by snapshot', 'snapshot', {}],
    ['two tables by a statement each', 'rcsi', { sources: two, transform }],
    ['two tables that nobody writes to', 'quiesced', { sources: two, transform }],
    ['joins over windows', 'quiesced', { scope: 'category', sources: two, transform }],
    ['replaced text behind a transform', 'rcsi', { transform, columns: [{ policy: 'replace' }] }],
  ])('Glue takes %s', (_, consistency, over) => {
    const chosen = engines({ engine: 'glue', consistency }, over as unknown as Partial<TargetConfig>);
    expect(chosen.engine.export).toBe('glue');
  });
});

describe('the secret of export jobs', () => {
  const secret = (given: Record<string, string>, secretId?: string, auth: 'sql' | 'entra-default' = 'sql') =>
    glueSecret(
      { auth, secretVariable: (name) => given[name] },
      secretId === undefined ? {} : { secretId },
      'server-01',
    );

  it("is the category's, else the server's, else that of all", () => {
    const given = { SOURCE_SECRET_ID: 'all', SOURCE_SECRET_SERVER_01_ID: 'own' };
    expect(secret(given, 'category')).toBe('category');
    expect(secret(given)).toBe('own');
    expect(secret({ SOURCE_SECRET_ID: 'all' })).toBe('all');
  });

  it.each([
    [{ SOURCE_SECRET_SERVER_01: '{}', SOURCE_SECRET_ID: 'all' }, /SOURCE_SECRET_SERVER_01 is set/],
    [{ SOURCE_SECRET_FILE: '/secret' }, /SOURCE_SECRET_FILE is set/],
    [{}, /no secret of 'server-01' is named/],
  ])('is not what only the workers can read: %j', (given, message) => {
    const find = () => secret(given as Record<string, string>);
    expect(find).toThrow(message);
    expect(find).toThrow(/"glue\.secretId"/);
  });

  it('is not a directory login', () => {
    expect(() => secret({ SOURCE_SECRET_ID: 'all' }, undefined, 'entra-default')).toThrow(
      /with user and password/,
    );
  });
});
