import { ensureSettings } from './app-settings.ts';
import { type FlexContext, sitePath, web } from './context.ts';
import { untilListed } from './listed.ts';
import { keepPackage } from './packages.ts';
import { placedVariables } from './premium.ts';
import type { Wish } from './state.ts';

/** A host that may not read its package yet has none until it is started again. */
const restartMs = { first: 5000, longest: 60_000 };
const listedMs = 600_000;

/**
 * Has an app or slot on Premium run a package: it lies in the container by its digest, and a setting names it. Waits until the
 * platform lists the function. Throws UnprovenError `no-function`, and ColdgateError (exit 8) without the right to write there.
 */
export async function runFromUrl(context: FlexContext, site: string, wish: Wish, nonce?: string): Promise<void> {
  await keepPackage(context, site, wish.packageSha256, await wish.bytes(), 'must');
  const changed = await ensureSettings(context, site, await placedVariables(context, site, wish, nonce));
  const restart = () => context.arm.send('POST', `${sitePath(context, site)}/restart`, { apiVersion: web });
  if (!changed && wish.anew) await restart();
  let wait = restartMs.first;
  let at = performance.now() + wait;
  const meanwhile = async (): Promise<void> => {
    if (performance.now() < at) return;
    context.log.info(`${site} does not list its function yet, as roles may take a while to count; starting it again.`);
    await restart();
    wait = Math.min(restartMs.longest, wait * 2);
    at = performance.now() + wait;
  };
  await untilListed(context, site, { meanwhile, deadlineMs: listedMs });
}
