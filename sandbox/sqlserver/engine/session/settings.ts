import { SqlServerError } from '../types.js';

// Options that drivers set when a session starts; none changes what this server does.
const accepted = new Set(
  `ANSI_DEFAULTS ANSI_NULLS ANSI_NULL_DFLT_ON ANSI_NULL_DFLT_OFF ANSI_PADDING ANSI_WARNINGS ARITHABORT ARITHIGNORE
  CONCAT_NULL_YIELDS_NULL CURSOR_CLOSE_ON_COMMIT DATEFIRST DATEFORMAT DEADLOCK_PRIORITY FMTONLY
  LANGUAGE LOCK_TIMEOUT NUMERIC_ROUNDABORT QUERY_GOVERNOR_COST_LIMIT QUOTED_IDENTIFIER STATISTICS TEXTSIZE XACT_ABORT`.split(
    /\s+/,
  ),
);
// Values that would change what is done, and are therefore refused rather than accepted and ignored.
const refused =
  /^(?:FMTONLY ON|DATEFORMAT (?!mdy)|QUOTED_IDENTIFIER OFF|ANSI_NULLS OFF|CONCAT_NULL_YIELDS_NULL OFF|LANGUAGE (?!us_english|english))/i;

/** Session options that do change something. */
export interface Settings {
  noCount: boolean;
}

/** SET of an option that is neither isolation nor IMPLICIT_TRANSACTIONS. Throws 195 or 40515. */
export function applySetting(option: string, value: string, settings: Settings): void {
  if (option === 'NOCOUNT') {
    settings.noCount = /^on$/i.test(value);
    return;
  }
  if (option === 'ROWCOUNT' && value === '0') return;
  if (refused.test(`${option} ${value}`)) {
    throw new SqlServerError(40515, `The sandbox does not support SET ${option} ${value}.`);
  }
  if (!accepted.has(option)) {
    throw new SqlServerError(195, `'${option.toLowerCase()}' is not a recognized SET option.`, 15, 5);
  }
}
