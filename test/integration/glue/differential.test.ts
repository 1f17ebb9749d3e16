import { foundingDatabase, foundingStyles } from '../../../sandbox/seed/founding-servers.js';
import { type BothEngines, startBothEngines } from './both-engines.js';
import { describeFoundingDay } from './founding-day.js';

// Java's first job takes the longest, and many times as long on a busy machine.
jest.setTimeout(300_000);

let engines: BothEngines;
beforeAll(async () => {
  engines = await startBothEngines(foundingStyles(300).server01.slice(0, 1).map(foundingDatabase));
}, 300_000);
afterAll(() => engines?.close());

describe('a day of the founding case, varchar and datetime2', () => {
  describeFoundingDay(() => engines, 'DatabaseA', 'datetime2(3)');
});
