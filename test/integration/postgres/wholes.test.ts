import { createTarget, type Target } from '../../../engine/postgres/connection';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import {
  digestOf,
  forgetExports,
  isExported,
  isWhole,
  listMembers,
  parkWhole,
  recordExported,
} from '../../../engine/postgres/control/wholes';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import { day, plan, scopeOf, targetTable } from '../../support/target-fixtures';

jest.setTimeout(60_000);

describe('the chunks of a whole, in the control tables', () => {
  let postgres: TestPostgres;
  let target: Target;
  beforeAll(async () => {
    postgres = await startPostgres();
    target = createTarget(postgres.endpoint);
    await applyControlSchema(target);
  });
  afterAll(async () => {
    await target.close();
    await postgres.stop();
  });

  /** A run with three days, each exported as `first` and done. */
  const exported = async (name: string) => {
    const scope = scopeOf(targetTable(name), `run-${name}`);
    const days = ['2025-01-01', '2025-01-02', '2025-01-03'];
    await plan(
      target,
      scope,
      days.map((date, at) => day(date, 'f1', at)),
    );
    const whole = { runId: scope.runId, target: scope.target };
    const members = () => listMembers(target, whole);
    const note = async (index: number, attempt: string) => {
      const chunk = (await members())[index]?.chunk;
      if (chunk === undefined) throw new Error(`There is no chunk ${index}.`);
      await recordExported(target, { runId: scope.runId, chunkId: chunk.chunkId }, chunk, attempt);
    };
    for (const index of days.keys()) await note(index, 'first');
    await target.query("UPDATE migration_control.chunk SET state = 'DONE' WHERE run_id = $1", [scope.runId]);
    const shown = async () =>
      (await members()).map(({ chunk, attempt }) => `${chunk.state} ${attempt ?? '-'}`);
    return { whole, members, note, shown };
  };

  it('forgets the exports that were listed, and none that came since', async () => {
    const { whole, members, note, shown } = await exported('listed');
    const listed = await members();
    await note(1, 'second');
    await forgetExports(target, whole.runId, listed.slice(0, 2));
    expect(await shown()).toEqual(['PENDING -', 'DONE second', 'DONE first']);
    const unexported = (await members()).slice(0, 1);
    await note(0, 'third');
    await forgetExports(target, whole.runId, unexported);
    expect(await shown()).toEqual(['PENDING third', 'DONE second', 'DONE first']);
  });

  it('forgets nothing of another run', async () => {
    const { members, shown } = await exported('others');
    await forgetExports(target, 'an-older-run', await members());
    expect(await shown()).toEqual(['DONE first', 'DONE first', 'DONE first']);
  });

  it('are a whole for as long as no export comes or goes, and no other run has them', async () => {
    const { whole, members, note } = await exported('digest');
    const digest = digestOf((await members()).filter(isExported));
    expect(await isWhole(target, whole, digest)).toBe(true);
    expect(await isWhole(target, { ...whole, runId: 'an-older-run' }, digest)).toBe(false);
    await note(2, 'second');
    expect(await isWhole(target, whole, digest)).toBe(false);
    await note(2, 'first');
    expect(await isWhole(target, whole, digest)).toBe(true);
    await forgetExports(target, whole.runId, (await members()).slice(0, 1));
    expect(await isWhole(target, whole, digest)).toBe(false);
  });

  it('are counted once they are parked, also by an attempt that finds them parked', async () => {
    const { whole, members } = await exported('parked');
    const cause = { code: 'JOIN_FANOUT', message: 'no' };
    expect(await parkWhole(target, whole, cause, true)).toBe(0);
    await forgetExports(target, whole.runId, (await members()).slice(0, 2));
    expect(await parkWhole(target, whole, cause, true)).toBe(2);
    expect(await parkWhole(target, whole, cause, true)).toBe(2);
  });
});
