import type { Point } from './drill.js';
import { killPoints } from './kill-points.js';
import { networkPoints } from './network-points.js';
import { objectStorePoints } from './object-store-points.js';
import { onePassPoints } from './one-pass-points.js';
import { operatorPoints } from './operator-points.js';
import { servicePoints } from './service-points.js';
import { storagePoints } from './storage-points.js';
import { wholePoints } from './whole-points.js';

/** Every fault point. */
export const points: readonly Point[] = [
  ...killPoints,
  ...networkPoints,
  ...storagePoints,
  ...objectStorePoints,
  ...servicePoints,
  ...operatorPoints,
  ...wholePoints,
  ...onePassPoints,
];
