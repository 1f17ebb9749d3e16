import fc from 'fast-check';
import { createEngine } from '../../../../sandbox/sqlserver/engine/engine.js';
import { asSent, atRest } from '../../../../sandbox/sqlserver/engine/half-pairs.js';
import type { SqlServerEngine, SqlSession } from '../../../../sandbox/sqlserver/engine/types.js';
import { login, nvarchar, run, sampleServer, single } from './sample-server.js';

describe('halves of surrogate pairs', () => {
  let engine: SqlServerEngine;
  let session: SqlSession;
  beforeAll(async () => {
    engine = await createEngine(sampleServer);
    session = await login(engine);
    await run(session, 'CREATE TABLE dbo.halves (id int, v nvarchar(20), n nchar(4), t ntext)');
    await run(
      session,
      "INSERT INTO dbo.halves VALUES (1, N'a' + NCHAR(55296) + N'b', NCHAR(57343), N'' + NCHAR(56832) + N'😀')",
    );
    await run(session, 'INSERT INTO dbo.halves VALUES (2, @v, @v, @v)', [
      { name: '@v', type: nvarchar(4), value: '\ud83d' },
    ]);
    await run(session, "INSERT INTO dbo.halves VALUES (3, N'\udbff', NULL, NULL)");
  });
  afterAll(() => engine.close());

  it('stay what they are in nvarchar, nchar and ntext', async () => {
    const { rows } = await run(session, 'SELECT v, n, t FROM dbo.halves ORDER BY id');
    expect(rows).toEqual([
      ['a\ud800b', '\udfff   ', '\ude00😀'],
      ['\ud83d', '\ud83d   ', '\ud83d'],
      ['\udbff', null, null],
    ]);
  });

  it.each([
    ['LEN(v)', 3],
    ['DATALENGTH(v)', 6],
    ['DATALENGTH(n)', 8],
    ['CONVERT(varbinary(max), v)', Buffer.from('a\ud800b', 'utf16le')],
    ['CONVERT(varbinary(max), CONVERT(nvarchar(max), t))', Buffer.from('\ude00😀', 'utf16le')],
    ['CONVERT(varchar(10), v)', 'a?b'],
  ])('count as one unit each: %s', async (expression, value) => {
    expect((await single(session, `SELECT ${expression} FROM dbo.halves WHERE id = 1`))[0]).toEqual(value);
  });

  it('rest as characters that come back as they were, among any others', () => {
    const texts = fc.uint16Array({ maxLength: 20 }).map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(texts, (text) => {
        fc.pre(!/[\u{10f800}-\u{10ffff}]/u.test(text));
        expect(Buffer.from(atRest(text)).toString()).toBe(atRest(text));
        expect(asSent(atRest(text))).toBe(text);
      }),
    );
  });
});
