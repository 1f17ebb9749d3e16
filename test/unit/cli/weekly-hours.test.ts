import fc from 'fast-check';
import { edges, parseWeeklyHours } from '../../../cli/hours/weekly-hours';

const names = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const week = 7 * 24 * 60;

test('nights begin on their days and end on the day after', () => {
  const { open, close } = edges(parseWeeklyHours(['22:00-06:30'], 'mon-fri'));
  expect(open).toEqual([{ days: [0, 1, 2, 3, 4], hour: 22, minute: 0 }]);
  expect(close).toEqual([{ days: [1, 2, 3, 4, 5], hour: 6, minute: 30 }]);
});

test('a night that runs into an allowed day does not end there', () => {
  const { open, close } = edges(parseWeeklyHours(['22:00-06:00', 'sat-sun 00:00-24:00'], 'mon-fri'));
  expect(open).toEqual([{ days: [0, 1, 2, 3, 4], hour: 22, minute: 0 }]);
  expect(close).toEqual([
    { days: [1, 2, 3, 4], hour: 6, minute: 0 },
    { days: [0], hour: 0, minute: 0 },
  ]);
});

test('stretches that meet over the end of the week are one', () => {
  const { open, close } = edges(parseWeeklyHours(['sun 20:00-24:00', 'mon 00:00-04:00']));
  expect(open).toEqual([{ days: [6], hour: 20, minute: 0 }]);
  expect(close).toEqual([{ days: [0], hour: 4, minute: 0 }]);
});

test.each([
  [['22:00'], 'no stretch of hours'],
  [['22:00-22:00'], 'no stretch of hours'],
  [['25:00-26:00'], 'no stretch of hours'],
  [['22:60-23:00'], 'no stretch of hours'],
  [['24:00-06:00'], 'no stretch of hours'],
  [['munday 22:00-06:00'], 'names no days'],
  [['mon-wed-fri 22:00-06:00'], 'names no days'],
  [['00:00-24:00'], 'whole week'],
  [['00:00-12:00', '12:00-00:00'], 'whole week'],
])('%j is refused', (texts, message) => {
  expect(() => parseWeeklyHours(texts)).toThrow(message);
});

test('a minute is allowed exactly where one of the stretches has it', () => {
  const stretch = fc.record({
    day: fc.nat(6),
    from: fc.nat(1439),
    length: fc.integer({ min: 1, max: 1439 }),
  });
  fc.assert(
    fc.property(fc.array(stretch, { minLength: 1, maxLength: 6 }), (stretches) => {
      const texts = stretches.map(
        ({ day, from, length }) => `${names[day]} ${time(from)}-${time((from + length) % 1440)}`,
      );
      const wanted = new Set(
        stretches.flatMap(({ day, from, length }) =>
          Array.from({ length }, (_, minute) => (day * 1440 + from + minute) % week),
        ),
      );
      const { open, close } = edges(parseWeeklyHours(texts));
      expect(allowed(minutesOf(open), minutesOf(close))).toEqual(wanted);
    }),
    { numRuns: 200 },
  );
});

function time(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

function minutesOf(times: ReturnType<typeof edges>['open']): ReadonlySet<number> {
  return new Set(
    times.flatMap(({ days, hour, minute }) => days.map((day) => day * 1440 + hour * 60 + minute)),
  );
}

/** What the two schedules bring about: open until they close. */
function allowed(opens: ReadonlySet<number>, closes: ReadonlySet<number>): ReadonlySet<number> {
  const minutes = new Set<number>();
  let open = false;
  for (let minute = 0; minute < 2 * week; minute += 1) {
    if (closes.has(minute % week)) open = false;
    if (opens.has(minute % week)) open = true;
    if (open && minute >= week) minutes.add(minute % week);
  }
  return minutes;
}
