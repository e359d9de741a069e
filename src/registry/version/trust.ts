import { IntegrityError } from '../../errors.ts';
import { doctorRecordKey } from '../../model/layout.ts';
import { check, type Shape, ShapeError } from '../../model/shape.ts';
import { NotFoundError, readAll, type Store } from '../../stores/store.ts';

/** Doctor's check of what prune rests on, and promotions do not. */
export const staleRemoval = 'stale-remove';

/** What `doctor` left in the store about the store. */
export interface DoctorRecord {
  schema: 1;
  /** Every check on which promotions rest passed. */
  trusted: boolean;
  /** Names of the checks that failed. */
  failed: string[];
  examined_at: string;
  /** Version of the tool. */
  coldgate: string;
}

const shape: Shape = {
  schema: 'count',
  trusted: 'boolean',
  failed: ['string'],
  examined_at: 'string',
  coldgate: 'string',
};

const known = new WeakMap<Store, Promise<DoctorRecord | undefined>>();

/** What is on record; undefined where doctor never ran, or left nothing that can be read. */
export async function readDoctorRecord(store: Store): Promise<DoctorRecord | undefined> {
  try {
    return check<DoctorRecord>(await readAll(await store.get(doctorRecordKey)), shape, doctorRecordKey);
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof ShapeError) return undefined;
    throw error;
  }
}

/**
 * Refuses a store that doctor found to ignore preconditions: a pointer there can be lost without anyone noticing. Costs
 * one small read a process and store; the full examination is doctor's, since it takes dozens of requests.
 * Throws IntegrityError `store-not-trusted`.
 */
export async function assertTrusted(store: Store): Promise<void> {
  const record = await recordOf(store);
  if (!record || record.trusted) return;
  throw new IntegrityError(
    'store-not-trusted',
    `${store.url} failed \`coldgate doctor\` on ${record.examined_at}: ${record.failed.join(', ')}. Nothing is promoted there.`,
    {
      hint: 'Use a store that honours conditional writes, or repair this one and run `coldgate doctor` again.',
      data: { ...record },
    },
  );
}

/**
 * Refuses to prune where doctor found that a removal ignores its condition: two prunes at once could take each other's
 * marks away, and half a version could look whole. Promotions do without. Throws IntegrityError `store-not-trusted`.
 */
export async function assertRemovals(store: Store): Promise<void> {
  const record = await recordOf(store);
  if (!record?.failed.includes(staleRemoval)) return;
  throw new IntegrityError(
    'store-not-trusted',
    `${store.url} failed \`coldgate doctor\` on ${record.examined_at}: ${staleRemoval}. Nothing is deleted there.`,
    {
      hint: 'Use a store that honours conditional removals to prune, or repair this one and run `coldgate doctor` again.',
      data: { ...record },
    },
  );
}

function recordOf(store: Store): Promise<DoctorRecord | undefined> {
  let reading = known.get(store);
  if (!reading) {
    reading = readDoctorRecord(store);
    known.set(store, reading);
    reading.catch(() => known.delete(store));
  }
  return reading;
}

/** Makes the next promotion of this process read the record again. */
export const forgetTrust = (store: Store): void => {
  known.delete(store);
};
