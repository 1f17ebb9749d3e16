/** What the host sees of the module: see `../row-module.ts`. */
export { writeHeap } from './heaps';
export {
  dataAt,
  endsAt,
  groupRows,
  heapAt,
  highsAt,
  largeRowBytes,
  lowsAt,
  messageBytes,
  nullsAt,
} from './memory';
export { writeBools, writeFloats, writeNumbers } from './numbers';
export { begin, hash, measure, place } from './rows';
export { writeDates, writeTimestamps } from './times';
