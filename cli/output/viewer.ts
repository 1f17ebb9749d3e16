import type { RunView } from '../run.js';

/** What shows a run as it goes on; told again and again. */
export interface RunViewer {
  show(view: RunView): void;
  /** Something about watching itself, such as a server that does not answer at present. */
  note(text: string): void;
  end(): void;
}
