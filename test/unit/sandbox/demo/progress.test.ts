import type { Progress } from '../../../../sandbox/demo/control.js';
import { plainLines } from '../../../../sandbox/demo/progress.js';

const planned: Progress = {
  sourceRows: 1_000,
  targetRows: 500,
  chunks: 10,
  chunksDone: 0,
  chunksParked: 0,
  steps: {},
};

describe('plain progress lines', () => {
  const follow = () => {
    const clock = { now: 0 };
    const lines: string[] = [];
    return {
      clock,
      lines,
      view: plainLines(
        (line) => lines.push(line),
        () => clock.now,
      ),
    };
  };

  it('says nothing before there is a plan', () => {
    const { lines, view } = follow();
    view.show({ ...planned, chunks: 0 });
    expect(lines).toEqual([]);
  });

  it('gives percent, rate and time left of each step, counting from the plan on', () => {
    const { clock, lines, view } = follow();
    clock.now = 60_000;
    view.show(planned);
    clock.now = 70_000;
    view.show({ ...planned, chunksDone: 2, steps: { export: 250, import: 100 } });
    expect(lines[1]).toContain('70 s  chunks 2/10');
    expect(lines[1]).toContain('export 25% (25 rows/s, ETA 30 s)');
    expect(lines[1]).toContain('import 20% (10 rows/s, ETA 40 s)');
    expect(lines[1]).toContain('checksum 0% (0 rows/s, ETA -)');
  });

  it('writes at most one line in five seconds', () => {
    const { clock, lines, view } = follow();
    for (clock.now = 0; clock.now < 20_000; clock.now += 500)
      view.show({ ...planned, steps: { export: clock.now / 100 } });
    expect(lines).toHaveLength(4);
  });

  it('names chunks that need attention', () => {
    const { lines, view } = follow();
    view.show({ ...planned, chunksParked: 2 });
    expect(lines[0]).toContain('2 need attention');
  });
});
