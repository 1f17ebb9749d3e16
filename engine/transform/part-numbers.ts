/** A part that rows of a window were given to. */
export interface NumberedPart {
  readonly number: number;
  readonly window: number;
  rows: number;
}

/** Numbers the parts of windows whose rows come mixed: each window fills one at a time, up to so many rows and bytes. */
export class PartNumbers {
  /** By window, the part that is being filled; -1 for none. */
  readonly #filling: Int32Array;
  readonly #bytes: Float64Array;
  #parts: NumberedPart[] = [];

  constructor(
    windows: number,
    private readonly partRows: number,
    private readonly partBytes: number,
  ) {
    this.#filling = new Int32Array(windows).fill(-1);
    this.#bytes = new Float64Array(windows);
  }

  /** The number of the part that the window's next row, of `bytes` bytes or so, goes to. */
  next(window: number, bytes: number): number {
    const filling = this.#parts[this.#filling[window] as number] ?? this.#begin(window);
    filling.rows += 1;
    const held = (this.#bytes[window] as number) + bytes;
    this.#bytes[window] = held;
    if (filling.rows >= this.partRows || held >= this.partBytes) this.#filling[window] = -1;
    return filling.number;
  }

  /** All parts that were given rows since the last call; numbers begin anew. */
  take(): readonly NumberedPart[] {
    const taken = this.#parts;
    this.#parts = [];
    this.#filling.fill(-1);
    return taken;
  }

  #begin(window: number): NumberedPart {
    const part = { number: this.#parts.length, window, rows: 0 };
    this.#parts.push(part);
    this.#filling[window] = part.number;
    this.#bytes[window] = 0;
    return part;
  }
}
