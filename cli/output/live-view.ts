import { Format, MultiBar, type Options, type Params, type SingleBar } from 'cli-progress';
import type { RunView } from '../run.js';
import type { Terminal } from '../session.js';
import { type Row, viewRows } from './view-rows.js';
import type { RunViewer } from './viewer.js';

const usualHeight = 24;

/** On a terminal: bars over all and by server, and below them what else there is to say, drawn in place. */
export function createLiveView(stream: Terminal): RunViewer {
  const multi = new MultiBar({
    stream,
    format: (options, params, row: Row) => rowText(options, params, row),
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    emptyOnZero: true,
    forceRedraw: true,
    fps: 1,
    hideCursor: true,
    linewrap: false,
    // Whoever made the view ends it, and says that the run goes on.
    gracefulExit: false,
  });
  const drawn: SingleBar[] = [];
  let latest: RunView | undefined;
  const draw = (view: RunView, note?: string): void => {
    const rows = viewRows(view, (stream.rows ?? usualHeight) - 1, note);
    while (drawn.length > rows.length) multi.remove(drawn.pop() as SingleBar);
    rows.forEach((row, at) => {
      const bar = drawn[at] ?? multi.create(1, 0, row);
      drawn[at] = bar;
      bar.setTotal(Math.max(1, row.total ?? 1));
      bar.update(row.done ?? 0, row);
    });
  };
  return {
    show(view) {
      latest = view;
      draw(view);
    },
    note(text) {
      if (latest !== undefined) draw(latest, text);
    },
    end: () => multi.stop(),
  };
}

function rowText(options: Options, { progress }: Params, { text, total, label }: Row): string {
  return total === undefined ? text : `${label} ${Format.BarFormat(progress, options)}  ${text}`;
}
