import { requireTimesExist, requireTimeZone } from '../../../cli/hours/time-zone';

const everyDay = [0, 1, 2, 3, 4, 5, 6];
const january = Date.UTC(2025, 0, 15);

test.each(['Europe/Berlin', 'America/New_York', 'UTC', 'Asia/Kolkata'])('%s is a time zone', (name) => {
  expect(() => requireTimeZone(name)).not.toThrow();
});

test.each(['Europe/Berln', '+02:00', '', 'GMT+25'])("'%s' is none", (name) => {
  expect(() => requireTimeZone(name)).toThrow('no IANA time zone');
});

test.each([
  ['Europe/Berlin', 2, 30, '2025-03-30'],
  ['Europe/Berlin', 2, 0, '2025-03-30'],
  ['America/New_York', 2, 30, '2025-03-09'],
  // Half an hour, in October.
  ['Australia/Lord_Howe', 2, 15, '2025-10-05'],
  // At midnight.
  ['America/Santiago', 0, 0, '2025-09-07'],
])('in %s there is no %i:%i on a day to come', (zone, hour, minute, day) => {
  expect(() => requireTimesExist([{ days: everyDay, hour, minute }], zone, january)).toThrow(day);
});

test.each([
  ['Europe/Berlin', 1, 59],
  ['Europe/Berlin', 3, 0],
  ['Europe/Berlin', 22, 0],
  ['UTC', 2, 30],
  ['Asia/Kolkata', 2, 30],
  ['Australia/Lord_Howe', 2, 30],
])('in %s %i:%i comes every day', (zone, hour, minute) => {
  expect(() => requireTimesExist([{ days: everyDay, hour, minute }], zone, january)).not.toThrow();
});

test('only the days on which it is wanted count', () => {
  const weekdays = [{ days: [0, 1, 2, 3, 4], hour: 2, minute: 30 }];
  expect(() => requireTimesExist(weekdays, 'Europe/Berlin', january)).not.toThrow();
});
