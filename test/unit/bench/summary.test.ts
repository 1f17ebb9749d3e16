import type { Run } from '../../../bench/contest';
import { tasks, toolOf } from '../../../bench/contestants';
import { linesOf, peaksOf, ratiosOf } from '../../../bench/summary';

const direct = (concurrency: number, checksums = true) => toolOf({ mode: 'direct', concurrency, checksums });

/** One run for each of the given seconds; a run takes twice its seconds of CPU. */
function runs(task: string, tool: string, seconds: readonly number[], rssMb = 10): readonly Run[] {
  return seconds.map((each, index) => ({
    task,
    tool,
    rows: 100,
    run: index + 1,
    seconds: each,
    cpuSeconds: each * 2,
    rssMb: rssMb + index,
  }));
}

describe('the summary of a comparison', () => {
  test('takes the median of odd and even numbers of runs, and the highest memory', () => {
    const lines = linesOf([
      ...runs(tasks.copy, 'sling', [9, 1, 2]),
      ...runs(tasks.copy, 'Spark', [1, 2, 4, 100]),
    ]);
    expect(lines.map(({ tool, seconds }) => [tool, seconds])).toEqual([
      ['sling', 2],
      ['Spark', 3],
    ]);
    expect(lines[0]).toMatchObject({ runs: 3, fastest: 1, slowest: 9, cpuSeconds: 4, rssMb: 12 });
  });

  test('compares ours, with as many chunks in flight as are fastest, in speed and in what it costs', () => {
    const lines = linesOf([
      ...runs(tasks.copy, direct(1), [4]),
      ...runs(tasks.copy, direct(4), [2]),
      ...runs(tasks.copy, direct(4, false), [1.6]),
      ...runs(tasks.copy, direct(1, false), [1]),
      ...runs(tasks.copy, 'freebcp | psql', [3]),
      ...runs(tasks.keyed, 'sling', [50]),
    ]);
    expect(ratiosOf(lines)).toEqual({
      direct_vs_pipe: 1.5,
      direct_cpu_vs_pipe: 0.67,
      staged_vs_pipe: null,
      join_vs_pipe: null,
      join_vs_spark_job: null,
      join_vs_spark: null,
      // It has run only at another task.
      direct_vs_sling: null,
      checksums_on_vs_off: 1.25,
      read_back_vs_by_hand: null,
    });
  });

  test('tells the peak of a tool over all tasks', () => {
    const lines = linesOf([...runs(tasks.copy, 'sling', [1], 70), ...runs(tasks.keyed, 'sling', [1], 40)]);
    expect(peaksOf(lines)).toEqual({ sling: 70 });
  });
});
