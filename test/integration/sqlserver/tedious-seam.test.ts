import { type EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { Connection } from 'tedious';
import driver from 'tedious/package.json';
import { openSession } from '../../../engine/sqlserver/connection';
import { type Diversion, divertNextAnswer } from '../../../engine/sqlserver/wire/tedious-seam';
import { encodeAnswer, encodeDone } from '../../support/wire-answer';
import { textWireType } from '../../support/wire-types';
import { intColumn, result, startScriptedServer } from './scripted-server';

/** What the handler of an answer was told, by the names of its methods. */
class Heard {
  readonly calls: string[] = [];
  constructor() {
    // biome-ignore lint/correctness/noConstructorReturn: a handler that has every method there is
    return new Proxy(this, {
      get: (heard, name) =>
        name === 'calls'
          ? heard.calls
          : (token: { rowCount?: number }) => heard.calls.push(`${String(name)} ${token.rowCount}`),
    });
  }
}

type Factory = {
  createTokenStreamParser(message: Readable, handler: unknown): EventEmitter & { parser: Readable };
};

function idleConnection(): { connection: Connection; factory: Factory } {
  const connection = new Connection({
    server: 'localhost',
    authentication: { type: 'default', options: {} },
  });
  return { connection, factory: connection as unknown as Factory };
}

describe('the seam in tedious', () => {
  it('is that of the version it was written for', () => {
    expect(driver.version).toBe('19.2.2');
  });

  it('is a method of the class, which an own property of a connection stands before', () => {
    const { connection, factory } = idleConnection();
    expect(Object.hasOwn(connection, 'createTokenStreamParser')).toBe(false);
    expect(factory.createTokenStreamParser).toHaveLength(2);
  });

  it('gives a parser that reads a stream of tokens to its end, tells its handler, and has its own stream beneath', async () => {
    const { factory } = idleConnection();
    const heard = new Heard();
    const parser = factory.createTokenStreamParser(Readable.from([encodeDone(3)]), heard);
    expect(parser.parser).toBeInstanceOf(Readable);
    await once(parser, 'end');
    expect(heard.calls).toEqual(['onDone 3']);
  });

  it('takes one answer, and gives it back as tokens in which tedious sees no row', async () => {
    const { connection, factory } = idleConnection();
    let diversion: Diversion | undefined;
    divertNextAnswer(
      connection,
      (taken) => {
        diversion = taken;
      },
      () => undefined,
    );
    const answer = encodeAnswer([textWireType], [{ cells: ['never seen'], nbc: false }]);
    const message = Readable.from([answer]);
    const heard = new Heard();
    const parser = factory.createTokenStreamParser(message, heard);
    expect(diversion?.message).toBe(message);
    expect(Object.hasOwn(connection, 'createTokenStreamParser')).toBe(false);
    diversion?.tokens.end(encodeDone(1));
    await once(parser, 'end');
    expect(heard.calls).toEqual(['onDone 1']);
  });

  it('lets go of the next answer when it is told to', () => {
    const { connection } = idleConnection();
    const restore = divertNextAnswer(
      connection,
      () => undefined,
      () => undefined,
    );
    expect(Object.hasOwn(connection, 'createTokenStreamParser')).toBe(true);
    restore();
    expect(Object.hasOwn(connection, 'createTokenStreamParser')).toBe(false);
  });

  it('hears of a token that tedious cannot read, which would end the process otherwise', async () => {
    const { connection, factory } = idleConnection();
    let tokens: Diversion['tokens'] | undefined;
    const failed = new Promise((resolve) => {
      divertNextAnswer(
        connection,
        (taken) => {
          tokens = taken.tokens;
        },
        resolve,
      );
    });
    factory.createTokenStreamParser(Readable.from([]), new Heard());
    tokens?.write(Buffer.from([0x02]));
    await expect(failed).resolves.toMatchObject({ message: expect.stringContaining('Unknown type') });
  });

  it('is asked exactly once for the answer to a request', async () => {
    const asked = jest.spyOn(Connection.prototype as unknown as Factory, 'createTokenStreamParser');
    const server = await startScriptedServer(async function* () {
      yield* result([intColumn('n')], [[1], [2]]);
    });
    try {
      const session = await openSession(server.endpoint);
      asked.mockClear();
      const planned = [{ name: 'n', type: { kind: 'int', bits: 32 }, nullable: true }] as const;
      await session.stream('SELECT', [], planned, async () => undefined);
      expect(asked).toHaveBeenCalledTimes(1);
      await session.close();
    } finally {
      asked.mockRestore();
      await server.close();
    }
  });
});
