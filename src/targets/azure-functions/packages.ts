import { createHash } from 'node:crypto';
import { ColdgateError, exitCodes } from '../../errors.ts';
import { createBlob, hasBlob, isDataDenied, readBlob, removeBlob } from './blobs.ts';
import { type FlexContext, homeOf } from './context.ts';

/*
 * Packages of what is live and of what was live before, in the container of the live app: Azure keeps none of before.
 */

/** Path of a package below the address of the account's blobs. */
export const packagePath = (context: FlexContext, site: string, sha256: string): string =>
  `${homeOf(context, site)}/coldgate/packages/${sha256}.zip`;

/**
 * Keeps a package, so that a later update can be set back to it. Where this run may not write there, it cannot.
 * @param how `must`: the app runs it from there. Throws ColdgateError `permission-denied` (exit 8) without the right to write.
 */
export async function keepPackage(
  context: FlexContext,
  site: string,
  sha256: string,
  bytes: Uint8Array,
  how: 'may' | 'must' = 'may',
): Promise<void> {
  try {
    await createBlob(context, packagePath(context, site, sha256), bytes);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isDataDenied(error)) throw error;
    if (how === 'must') throw notKept(context, site, error);
    context.log.debug(`The package of ${site} is not kept: ${(error as Error).message}`);
  }
}

function notKept(context: FlexContext, site: string, cause: unknown): ColdgateError {
  const container = homeOf(context, site);
  const text = `This run may not write packages to the container ${container}, which apps on Premium run from.`;
  return new ColdgateError('permission-denied', exitCodes.denied, text, {
    hint: 'Grant it Storage Blob Data Contributor there: coldgate iam prints the role.',
    data: { action: 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write', resource: container },
    cause,
  });
}

/** A package that was kept; undefined where it is not there, is another one, or may not be read. */
export async function keptPackage(
  context: FlexContext,
  site: string,
  sha256: string,
  how: 'look' | 'read' = 'read',
): Promise<Uint8Array | undefined> {
  try {
    const path = packagePath(context, site, sha256);
    if (how === 'look') return (await hasBlob(context, path)) ? new Uint8Array() : undefined;
    const bytes = await readBlob(context, path);
    return bytes && createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : undefined;
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isDataDenied(error)) throw error;
    return undefined;
  }
}

/** Removes a package that nothing is set back to any more. Throws only at the end of the run. */
export async function forgetPackage(context: FlexContext, site: string, sha256: string): Promise<void> {
  await removeBlob(context, packagePath(context, site, sha256)).catch((error: Error) => {
    context.signal.throwIfAborted();
    context.log.debug(`A package of ${site} stays: ${error.message}`);
  });
}
