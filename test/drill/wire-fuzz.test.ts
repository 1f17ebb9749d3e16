import { fuzz } from '../support/wire-fuzz';

const cases = Number(process.env.WIRE_FUZZ_CASES ?? 10_000_000);
/** Behind the cases that test/unit runs. */
const first = 100_000;
const hour = 3_600_000;

describe('the decoder under ten million mutated answers (WIRE_FUZZ_CASES for another number)', () => {
  it(
    'gives rows or a refusal that names its place, in time and memory that its bytes warrant',
    () => {
      const { decoded, refused } = fuzz(first, cases);
      expect(decoded + refused).toBe(cases);
      expect(decoded).toBeGreaterThan(cases / 5);
      expect(refused).toBeGreaterThan(cases / 5);
    },
    2 * hour,
  );
});
