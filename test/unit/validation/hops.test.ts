import { type CheckedHop, requireEqual } from '../../../engine/validation/hops.js';
import { parseSetChecksum } from '../../../engine/validation/set-checksum.js';

const expected = parseSetChecksum(10, 1n);

test.each<[CheckedHop, string, string]>([
  ['raw', 'CHECKSUM_EXPORT', 'source has 10 rows and raw has 9'],
  ['transformed', 'CHECKSUM_TRANSFORM', 'raw has 10 rows and transformed has 9'],
  ['stage', 'CHECKSUM_STAGE', 'transformed has 10 rows and stage has 9'],
  ['target', 'CHECKSUM_TARGET', 'stage has 10 rows and target has 9'],
])('a difference at %s is %s and names both hops', (hop, code, message) => {
  const action = () => requireEqual(hop, expected, parseSetChecksum(9, 1n), 'chunk 7');
  expect(action).toThrow(expect.objectContaining({ code }));
  expect(action).toThrow(`chunk 7: ${message}`);
});

test('the same rows with one other value are a difference', () => {
  expect(() => requireEqual('stage', expected, parseSetChecksum(10, 2n), 'chunk 7')).toThrow(
    'different values',
  );
});

test('equal checksums pass', () => {
  expect(() => requireEqual('target', expected, parseSetChecksum('10', '1'), 'chunk 7')).not.toThrow();
});
