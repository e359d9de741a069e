import type { StoreCheck } from './doctor-check.ts';
import { listChecks, readChecks } from './doctor-reads.ts';
import { writeChecks } from './doctor-writes.ts';

/** Everything that doctor tries, in its order. */
export const storeChecks: readonly StoreCheck[] = [...readChecks, ...writeChecks, ...listChecks];
