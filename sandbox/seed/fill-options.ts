export interface FillOptions {
  /** Ordinary rows of each table; the rows that hurt come on top. 0 leaves both tables empty. */
  readonly rows: number;
  /** Begins every cell and device id, so that two databases with other prefixes never share a key. */
  readonly idPrefix: string;
  /** `datetime` ends in 0, 3 or 7 milliseconds; `datetime2` here has three digits of any value. */
  readonly time: 'datetime' | 'datetime2';
  readonly text: 'varchar' | 'nvarchar';
  /** `YYYY-MM-DD`, default 2025-01-01. */
  readonly firstDay?: string;
  /** Default 10. From 8 days on, the 4th has no right rows and the 7th no left rows. */
  readonly days?: number;
}

export interface FillColumn {
  readonly name: string;
  readonly role: 'id' | 'text' | 'decimal' | 'int' | 'smallint' | 'time';
}

const missingDay = { left: 6, right: 3 } as const;

/** Offsets from the first day of the days on which a side has rows. */
export function daysOf(side: 'left' | 'right', options: Pick<FillOptions, 'days'>): readonly number[] {
  const days = Array.from({ length: options.days ?? 10 }, (_, day) => day);
  return days.length < 8 ? days : days.filter((day) => day !== missingDay[side]);
}

/** A SQL text literal. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
