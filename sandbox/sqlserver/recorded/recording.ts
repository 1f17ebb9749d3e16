import type { ResultColumn, ResultEvent } from '../engine/types.js';
import { ByteWriter } from '../tds/byte-writer.js';
import { type Rows, RowWriter } from '../tds/row-writer.js';

const partBytes = 1024 * 1024;
const noLimit = Number.MAX_SAFE_INTEGER;

/** One SELECT's result as the bytes of its row tokens, made once and sent as often as it is asked for. */
export class Recording {
  readonly #writer: RowWriter;
  readonly #parts: Uint8Array[] = [];
  readonly #out = new ByteWriter(partBytes);
  #rows = 0;
  #bytes = 0;

  constructor(readonly columns: readonly ResultColumn[]) {
    this.#writer = new RowWriter(columns);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bytes of all row tokens so far. */
  get bytes(): number {
    return this.#bytes + this.#out.length;
  }

  add(rows: Rows): void {
    this.#writer.write(this.#out, rows, 0, noLimit);
    this.#rows += rows.count;
    if (this.#out.length >= partBytes) this.#cut();
  }

  /** The rows once more, `times` over. */
  *rowsAgain(times: number): Generator<ResultEvent, void> {
    this.#cut();
    for (let time = 0; time < times; time += 1) {
      for (const bytes of this.#parts) yield { kind: 'encoded', bytes };
    }
  }

  #cut(): void {
    if (this.#out.length === 0) return;
    this.#parts.push(Uint8Array.from(this.#out.view()));
    this.#bytes += this.#out.length;
    this.#out.consume(this.#out.length);
  }
}
