/** What the clean-up's workflow may ask for. Names of objects rest in the stats bucket, page by page. */
export interface CleanUpActivities {
  /** Validates what is asked for; no side effect. Throws CATEGORY_UNKNOWN, CONFIG_*. */
  openCleanUp(input: CleanUpInput): Promise<CleanUpRules>;
  /** Looks at the next objects, records which of them are to go, and with `apply` takes those away. */
  cleanUpPage(input: CleanUpPageInput): Promise<CleanUpPageResult>;
  /** Adds up the pages into one report object. */
  reportCleanUp(input: CleanUpReportInput): Promise<CleanUpSummary>;
}

export interface CleanUpInput {
  readonly category: string;
  /** `7d`, `72h`: nothing younger is touched, whatever the configuration says. */
  readonly olderThan?: string;
}

/** How old an object must be, in hours, counted back from one instant; nothing of a class without a number goes. */
export interface CleanUpRules {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Targets whose windows are transformed together, so that all of them are needed until all are done. */
  readonly wholes: readonly string[];
  readonly orphanHours: number;
  readonly rawHours?: number;
  readonly transformedHours?: number;
  readonly quarantineHours?: number;
  readonly statsHours?: number;
}

interface CleanUpRef {
  readonly category: string;
  /** Temporal run id of the clean-up's first execution. */
  readonly cleanUpId: string;
  readonly apply: boolean;
}
export interface CleanUpPageInput extends CleanUpRef {
  readonly rules: CleanUpRules;
  /** Counts from 0. */
  readonly page: number;
  readonly cursor: CleanUpCursor;
  /** Workflow id of the category's runs. */
  readonly categoryWorkflowId: string;
}
/** How far a clean-up has looked: a section of the category's objects, and the last key there. */
export interface CleanUpCursor {
  readonly section: number;
  readonly after?: string;
}
export interface CleanUpPageResult {
  /** Absent behind the last object of the last section. */
  readonly next?: CleanUpCursor;
  readonly seen: number;
  readonly found: ObjectTotal;
  readonly removed: ObjectTotal;
}
export interface CleanUpReportInput extends CleanUpRef {
  readonly rules: CleanUpRules;
  readonly pages: number;
}

export interface ObjectTotal {
  readonly objects: number;
  readonly bytes: number;
}
/**
 * `orphan`: of an attempt that never came to count. `retention`: older than it is kept. `unknown`: of no window in the
 * control tables, or no key of this product; `damaged`: under a manifest that cannot be read: neither is ever touched.
 */
export type CleanUpReason = 'orphan' | 'retention' | 'unknown' | 'damaged';
export interface CleanUpGroup {
  /** `raw`, `transformed`, `quarantine`, or what statistics are of: `report`, `export`, … */
  readonly hop: string;
  /** `<target>`, `<target>/<schema>.<table>`; empty for statistics, and for what is unknown. */
  readonly subject: string;
  readonly reason: CleanUpReason;
  readonly found: ObjectTotal;
  readonly removed: ObjectTotal;
  /** Keys, at most three. */
  readonly examples: readonly string[];
}
export interface CleanUpSummary {
  readonly category: string;
  readonly applied: boolean;
  /** Address of the report, which has all groups. */
  readonly report: string;
  readonly seen: number;
  /** To go, by orphan or retention. */
  readonly found: ObjectTotal;
  readonly removed: ObjectTotal;
  /** At most 50, the largest first. */
  readonly groups: readonly CleanUpGroup[];
}
