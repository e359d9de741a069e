import { ColdgateError } from '../errors.ts';
import { converge, type Rollout } from './context.ts';
import { type Deployed, type FunctionView, MovedError } from './platform.ts';
import type { Change } from './target.ts';

/**
 * Removes candidates, or the function with all that belongs to it. What is already gone is fine.
 * @param keep version whose candidate stays
 */
export function removeFunction<R extends Deployed, V extends FunctionView<R>>(
  rollout: Rollout<R, V>,
  name: string,
  what: 'candidates' | 'all',
  keep?: string,
): Promise<Change[]> {
  const { platform } = rollout;
  return converge(rollout, name, async () => {
    const view = await platform.observe(name);
    if (what === 'all') return platform.removeAll(name, view);
    if (!view) return [];
    const retired = view.candidates.filter(({ version }) => keep === undefined || version !== keep);
    await platform.retire(view, retired);
    // A run that prepared a live revision and was refused the pointer has left its instances warm.
    await platform.release?.(view);
    await platform.tidy(view, 'candidate');
    return retired.map((one) => ({ action: 'delete', what: describe(platform.label(view, one), view, one) }));
  });
}

const describe = (label: string, { name }: FunctionView, { version }: Deployed): string =>
  `candidate of ${name}${version === null ? '' : ` ${version}`} (${label})`;

/**
 * Removes what was published in vain, without hiding the reason: a failure to remove it is logged, and the next run
 * finds what is left. An error that is not a ColdgateError shows nothing about the revision, which then stays for the
 * next run to judge. Throws MovedError, to observe again.
 */
export async function withdraw<R extends Deployed, V extends FunctionView<R>>(
  { platform, log, signal }: Rollout<R, V>,
  view: V,
  revisions: readonly R[],
  reason: unknown,
): Promise<void> {
  if (!(reason instanceof ColdgateError) && !signal.aborted) return;
  try {
    await platform.retire(view, revisions, true);
  } catch (error) {
    if (error instanceof MovedError) throw error;
    log.warn(`What did not pass its readiness proof could not be removed: ${(error as Error).message}`);
  }
}
