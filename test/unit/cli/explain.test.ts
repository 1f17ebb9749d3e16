import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { shellCommand } from '../../../cli/explain';

/** What a POSIX shell hands to a program. */
function words(command: string): readonly string[] {
  const script = `set -- ${command}; for word; do printf '%s\\0' "$word"; done`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

test('a shell reads back every word as it was, whatever is in it', () => {
  const word = fc.string({ unit: fc.constantFrom(...'ab \'"\\$`!*?;&|<>(){}[]~#%=\n\té€') });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (given) => {
      expect(words(shellCommand(given, []))).toEqual(given);
    }),
    { numRuns: 60 },
  );
});

test('a long command is broken between its flags, and stays one command', () => {
  const flags = ['a', 'b', 'c'].map((name) => [`--${name}`, 'x'.repeat(40)]);
  const command = shellCommand(['temporal', 'workflow'], flags);
  expect(command.split('\n')).toHaveLength(4);
  expect(words(command)).toEqual(['temporal', 'workflow', ...flags.flat()]);
});
