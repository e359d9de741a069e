import { UnprovenError } from '../../errors.ts';
import { field } from '../../rollout/proof/http.ts';
import { waitFor } from '../../rollout/wait-for.ts';
import { type FlexContext, sitePath, web } from './context.ts';

/** Name under which the handler registers itself. */
export const functionName = 'coldgate';

export const limits = { code: 'azure-slow', deadlineMs: 600_000, longestPauseMs: 5000 };

/** A trigger that is missing for this long is asked for, ms. */
const listedMs = 2000;

/**
 * Waits until the platform lists the function. Throws UnprovenError `no-function`.
 * @param meanwhile done between looks, where that may help
 * @param deadlineMs how long it is waited for
 */
export async function untilListed(
  context: FlexContext,
  site: string,
  { meanwhile, deadlineMs = 180_000 }: { meanwhile?: () => Promise<void>; deadlineMs?: number } = {},
): Promise<void> {
  const { arm } = context;
  const began = performance.now();
  const path = sitePath(context, site);
  const look = async (): Promise<true | undefined> => {
    const functions = await arm.list<{ name?: string }>(`${path}/functions`, { apiVersion: web });
    if (functions.some(({ name }) => name?.split('/').at(-1) === functionName)) return true;
    await meanwhile?.();
    if (performance.now() - began > listedMs) {
      // A host that does not start cannot tell of its triggers yet.
      await syncTriggers(context, site).catch((error: { code?: string }) => {
        if (error.code !== 'host-not-running') throw error;
      });
    }
    return undefined;
  };
  try {
    await waitFor(context, `${site} does not list its function`, look, { ...limits, deadlineMs });
  } catch (error) {
    context.signal.throwIfAborted();
    if ((error as { code?: string }).code !== limits.code) throw error;
    const errors = await hostErrors(context, site);
    const text = [`${site} was published, and has no function ${functionName}.`, ...errors].join('\n');
    throw new UnprovenError('no-function', text, {
      hint: 'Its host could not start the package: correct what it names, such as a setting or a role, then run this again.',
      cause: error,
    });
  }
}

/**
 * Has the platform ask the host for its triggers, by which it scales. It does so by itself where it has placed the package, and
 * not where a setting names that: https://learn.microsoft.com/azure/azure-functions/functions-deployment-technologies#trigger-syncing
 */
export const syncTriggers = (context: FlexContext, site: string): Promise<unknown> =>
  context.arm.send('POST', `${sitePath(context, site)}/host/default/sync`, { apiVersion: web });

/** What the host says of itself, without a key. Never throws but at the end of the run. */
export async function hostErrors(context: FlexContext, site: string): Promise<string[]> {
  try {
    const path = `${sitePath(context, site)}/hostruntime/admin/host/status`;
    const { body } = await context.arm.send('GET', path, { apiVersion: '2022-03-01' });
    const errors = field(body, 'errors');
    return Array.isArray(errors) ? errors.map(String) : [];
  } catch {
    context.signal.throwIfAborted();
    return [];
  }
}
