import type { EventEmitter } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import type { Connection } from 'tedious';

/** What is relied on of tedious 19.2 beyond its documentation; `tedious-seam.test.ts` holds each part of it. */
interface ParserFactory {
  /**
   * Called once for each answer, with its bytes; hands the tokens to `handler`. The connection waits for its `end`.
   */
  createTokenStreamParser?(message: Readable, handler: unknown): TokenStreamParser;
}
interface TokenStreamParser extends EventEmitter {
  /** The stream of tokens beneath, whose errors nobody else hears. */
  readonly parser: Readable;
}

export interface Diversion {
  /** Everything that the server answers. Nothing is read from the socket beyond the buffers while nobody reads this. */
  readonly message: Readable;
  /** Takes the tokens that tedious is to see, whole ones, and its end. */
  readonly tokens: PassThrough;
}

/**
 * Has the next answer on a connection go to `take` instead of tedious, which keeps all else: it sees what `take` passes
 * on, and believes it.
 * @param onError hears of tokens that tedious cannot read
 * @returns a function that takes this back, as long as no answer has come
 */
export function divertNextAnswer(
  connection: Connection,
  take: (diversion: Diversion) => void,
  onError: (error: unknown) => void,
): () => void {
  const factory = connection as unknown as ParserFactory;
  const restore = (): void => {
    // What is left is the class's own method.
    delete factory.createTokenStreamParser;
  };
  factory.createTokenStreamParser = (message, handler) => {
    restore();
    const tokens = new PassThrough();
    const parser = (factory as Required<ParserFactory>).createTokenStreamParser(tokens, handler);
    parser.parser.once('error', onError);
    take({ message, tokens });
    return parser;
  };
  return restore;
}
