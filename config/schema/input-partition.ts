const form = /^(\d{4})(\d{2})(\d{2})?$/;

/** What a valid `input_partition` is, for messages. */
export const inputPartitionAllowed =
  "a month 'YYYYMM' or a day 'YYYYMMDD' of the calendar, between 1753 and 9999, as text; leave it out for all rows";

/** True for `YYYYMM` and `YYYYMMDD` that exist in the calendar; 1753 is the first year of SQL Server's datetime. */
export function isInputPartition(text: string): boolean {
  const match = form.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3] ?? '1')];
  const date = new Date(Date.UTC(year, month - 1, day));
  return year >= 1753 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
