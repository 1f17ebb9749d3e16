import { readFileSync } from 'node:fs';
import { ApplicationFailure } from '@temporalio/common';
import { logLines } from '../../../activities/log-lines';
import { createLogger, jsonLine } from '../../../workers/logger';

const entry = {
  level: 'ERROR',
  message: 'chunk parked',
  timestampNanos: 1_700_000_000_123_456_789n,
} as const;

test('an entry is one line of JSON, with its attributes beside its message', () => {
  const line = jsonLine({ ...entry, meta: { chunkId: '17', tries: 3n, note: 'two\nlines' } as never });
  expect(line).not.toContain('\n');
  expect(JSON.parse(line)).toEqual({
    time: '2023-11-14T22:13:20.123Z',
    level: 'ERROR',
    message: 'chunk parked',
    chunkId: '17',
    tries: '3',
    note: 'two\nlines',
  });
});

test('an attribute cannot take the place of the message that alarms look for', () => {
  expect(
    JSON.parse(jsonLine({ ...entry, meta: { message: 'other', level: 'INFO' } as never })),
  ).toMatchObject({
    message: 'chunk parked',
    level: 'ERROR',
  });
});

test('an error is told by name, type and message, and not by its cause, which may hold a value', () => {
  const error = ApplicationFailure.create({
    type: 'SOURCE_QUERY',
    message: 'refused',
    cause: new Error('swordfish'),
  });
  const line = jsonLine({ ...entry, meta: { error } as never });
  expect(JSON.parse(line).error).toEqual({
    name: 'ApplicationFailure',
    type: 'SOURCE_QUERY',
    message: 'refused',
  });
  expect(line).not.toContain('swordfish');
});

test.each([
  [{ LOG_LEVEL: 'LOUD' }, "LOG_LEVEL is 'LOUD'; allowed: TRACE, DEBUG, INFO, WARN, ERROR."],
  [{ LOG_FORMAT: 'xml' }, "LOG_FORMAT is 'xml'; allowed: text, json."],
])('%j is refused', (variables, message) => {
  expect(() => createLogger(variables)).toThrow(message);
});

test('Temporal still writes the line that counts failed attempts', () => {
  const source = readFileSync(require.resolve('@temporalio/worker/lib/activity'), 'utf8');
  expect(source).toContain(`.warn('${logLines.attemptFailed}'`);
});
