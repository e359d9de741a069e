import { randomUUID } from 'node:crypto';
import { setInterval } from 'node:timers';
import { AzureFailure } from '../../azure/failure.ts';
import { ConflictError } from '../../errors.ts';
import { pause } from '../../pause.ts';
import { createBlob, isDataDenied, leaseBlob, releaseBlob } from './blobs.ts';
import { ensureContainer } from './containers.ts';
import { type FlexContext, homeOf } from './context.ts';

/** Longest lease that ends by itself, which is what one of a killed run does. */
const leaseSeconds = 60;
const renewMs = 20_000;
/** Longest that another run is waited for: an update and its proof, ms. */
const patienceMs = 15 * 60_000;
const betweenMs = 1000;
const saidEveryMs = 15_000;

const isHeld = (error: unknown): boolean =>
  error instanceof AzureFailure && error.status === 409 && /LeaseAlreadyPresent|LeaseIsBreaking/i.test(error.code);

/**
 * Runs work on an app alone, by a lease on a blob of its container: Microsoft.Web has no condition for a change. Without the
 * right to write there it runs all the same, and a warning says what then keeps others away. Throws ConflictError
 * `function-locked` where another run has it for too long.
 */
export async function alone<T>(context: FlexContext, site: string, work: () => Promise<T>): Promise<T> {
  const path = `${homeOf(context, site)}/coldgate/lock`;
  const id = randomUUID();
  if (!(await acquire(context, site, path, id))) return work();
  const renewing = setInterval(() => {
    leaseBlob(context, path, { 'x-ms-lease-action': 'renew', 'x-ms-lease-id': id }).catch((error: Error) =>
      context.log.debug(`The lease on ${path} was not renewed: ${error.message}`),
    );
  }, renewMs);
  renewing.unref();
  try {
    return await work();
  } finally {
    clearInterval(renewing);
    await releaseBlob(context, path, id);
  }
}

/** Returns whether there is a lease; false where this run may not have one. */
async function acquire(context: FlexContext, site: string, path: string, id: string): Promise<boolean> {
  const { log, signal } = context;
  const headers = {
    'x-ms-lease-action': 'acquire',
    'x-ms-lease-duration': String(leaseSeconds),
    'x-ms-proposed-lease-id': id,
  };
  const began = performance.now();
  let loggedAt = began;
  for (;;) {
    try {
      await leaseBlob(context, path, headers);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (isDataDenied(error)) return warnOfNoLease(context, site);
      if (error instanceof AzureFailure && error.status === 404) {
        await ensureContainer(context, site);
        await createBlob(context, path, new Uint8Array());
        continue;
      }
      if (!isHeld(error)) throw error;
      if (performance.now() - began > patienceMs) throw locked(site, error);
      if (performance.now() - loggedAt > saidEveryMs) {
        loggedAt = performance.now();
        log.info(`Another run changes ${site}; waiting for it.`);
      }
      await pause(betweenMs, signal);
    }
  }
}

function warnOfNoLease({ log }: FlexContext, site: string): boolean {
  log.warn(
    `This run may not write to the container ${site}, so nothing keeps another run from changing the app at the same time, and a failed update cannot be set back: serialise runs by the workflow's concurrency, or grant Storage Blob Data Contributor on the container.`,
  );
  return false;
}

const locked = (site: string, cause: unknown): ConflictError =>
  new ConflictError('function-locked', `Another run has been changing ${site} for ${patienceMs / 60_000} minutes.`, {
    hint: 'Run this again once the other one has ended; a lease of a killed one ends after a minute.',
    cause,
  });
