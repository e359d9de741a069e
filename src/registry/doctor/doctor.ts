import { randomUUID } from 'node:crypto';
import { ColdgateError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { doctorPrefix, doctorRecordKey } from '../../model/layout.ts';
import { encodeJson } from '../../model/pointer.ts';
import { DeniedError, type Store } from '../../stores/store.ts';
import { refused } from '../ambiguous.ts';
import { type DoctorRecord, forgetTrust } from '../version/trust.ts';
import { type StoreCheck, Unmet } from './check.ts';
import { listChecks, readChecks } from './reads.ts';
import { writeChecks } from './writes.ts';

/** Everything that doctor tries, in its order. */
export const storeChecks: readonly StoreCheck[] = [...readChecks, ...writeChecks, ...listChecks];

export interface CheckResult {
  name: string;
  ok: boolean;
  /** Promotions rest on it. */
  critical: boolean;
  /** What a pass proves. */
  proved: string;
  /** What was seen. */
  detail: string;
}

export interface Examination {
  url: string;
  /** Every critical check passed. */
  trusted: boolean;
  checks: CheckResult[];
}

/**
 * Tries the store out under `_coldgate/doctor/<id>/`, cleans up after itself and leaves the result in
 * `_coldgate/doctor.json`, where promotions look. Findings are results, not errors; throws DeniedError when the store
 * does not let us try at all.
 */
export async function examineStore(input: {
  store: Store;
  now: () => Date;
  coldgateVersion: string;
  log: Logger;
}): Promise<Examination> {
  const { store, log } = input;
  const folder = doctorPrefix(randomUUID());
  const checks: CheckResult[] = [];
  try {
    for (const [at, check] of storeChecks.entries()) {
      log.progress(`Examining ${store.url}`, at, storeChecks.length, 'steps');
      checks.push(await tryOut(store, `${folder}${check.name}`, check, input.now));
    }
  } finally {
    await cleanUp(store, folder, log);
  }
  const trusted = checks.every((check) => check.ok || !check.critical);
  const failed = checks.filter((check) => !check.ok).map((check) => check.name);
  await leaveRecord(store, log, {
    schema: 1,
    trusted,
    failed,
    examined_at: input.now().toISOString(),
    coldgate: input.coldgateVersion,
  });
  return { url: store.url, trusted, checks };
}

async function tryOut(store: Store, key: string, check: StoreCheck, now: () => Date): Promise<CheckResult> {
  const { name, critical, proved } = check;
  try {
    return { name, critical, proved, ok: true, detail: await check.run(store, key, now) };
  } catch (error) {
    if (error instanceof DeniedError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const code = error instanceof ColdgateError ? ` (${error.code})` : '';
    const detail = error instanceof Unmet ? why : `it could not be tried: ${why}${code}`;
    return { name, critical, proved, ok: false, detail };
  }
}

async function cleanUp(store: Store, folder: string, log: Logger): Promise<void> {
  try {
    for await (const { key, token } of store.list(folder)) await store.remove(key, { unchanged: token });
  } catch (error) {
    log.warn(`Could not remove everything under ${folder}: ${error instanceof Error ? error.message : error}`);
  }
}

async function leaveRecord(store: Store, log: Logger, record: DoctorRecord): Promise<void> {
  try {
    const before = await store.head(doctorRecordKey);
    const when = before ? { unchanged: before.token } : 'absent';
    await store.put(doctorRecordKey, encodeJson(record), when, { contentType: 'application/json' });
  } catch (error) {
    if (!refused(error)) {
      log.warn(`The result could not be kept in ${doctorRecordKey}: ${error instanceof Error ? error.message : error}`);
    }
  }
  forgetTrust(store);
}
