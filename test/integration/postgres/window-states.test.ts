import { createTarget, type Target } from '../../../engine/postgres/connection';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import { windowStates } from '../../../engine/postgres/control/window-states';
import { startPostgres, type TestPostgres } from '../../support/postgres';

jest.setTimeout(60_000);

const place = { target: 't', server: 's1', database: 'A' };
const of = (window: string, target = 't') => ({ ...place, target, window });

describe('what the control tables say of windows', () => {
  let postgres: TestPostgres;
  let target: Target;
  beforeAll(async () => {
    postgres = await startPostgres();
    target = createTarget(postgres.endpoint);
  });
  afterAll(async () => {
    await target.close();
    await postgres.stop();
  });

  test('is nothing before the first run, and then the state of each, in the order asked for', async () => {
    expect(await windowStates(target, 'c', [of('w1')], [])).toEqual([undefined]);
    await applyControlSchema(target);
    await target.query(
      `INSERT INTO migration_control.chunk
         (category, target, stage_schema, server, database, window_label, ordinal, state, fingerprint, rows_planned)
       SELECT 'c', target, 'stage', 's1', 'A', label, row_number() OVER (), state, 'f', '{}'
         FROM (VALUES ('t', 'w1', 'DONE'), ('t', 'w2', 'PENDING'), ('t', 'w3', 'SPLIT'), ('t', 'w4', 'SKIPPED'),
                      ('t', 'w5', 'NEEDS_ATTENTION'), ('u', 'w1', 'DONE')) AS w (target, label, state)`,
    );
    await target.query(
      `INSERT INTO migration_control.ledger (chunk_id, target, stage_schema, fingerprint, attempt, rows, checksum_sum,
         bytes, quarantined_rows, quarantine_object)
       SELECT chunk_id, target, stage_schema, 'f', 'a', 1, '0', 1, 1, 'quarantine/q.jsonl'
         FROM migration_control.chunk WHERE window_label = 'w1' AND target = 't'`,
    );
    const asked = [of('w5'), of('w1'), of('none'), of('w2'), of('w3'), of('w4'), of('w1', 'u'), of('w1')];
    const done = { settled: true, quarantine: 'quarantine/q.jsonl' };
    expect(await windowStates(target, 'c', asked, [])).toEqual([
      { settled: false },
      done,
      undefined,
      { settled: false },
      { settled: true },
      { settled: false },
      { settled: true },
      done,
    ]);
    expect(await windowStates(target, 'other', asked, [])).toEqual(asked.map(() => undefined));
  });

  test('is settled for the windows of a whole only once all of them are', async () => {
    const asked = [of('w1'), of('w3'), of('w1', 'u')];
    const settled = async () =>
      (await windowStates(target, 'c', asked, ['t'])).map((state) => state?.settled);
    expect(await settled()).toEqual([false, false, true]);
    await target.query(`UPDATE migration_control.chunk SET state = 'DONE' WHERE state <> 'SPLIT'`);
    expect(await settled()).toEqual([true, true, true]);
  });
});
