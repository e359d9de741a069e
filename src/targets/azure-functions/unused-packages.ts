import { isMissing } from '../../azure/failure.ts';
import { listSites, runsOf } from './app.ts';
import { readSettings } from './app-settings.ts';
import { type FlexContext, homeOf } from './context.ts';
import { ownerOf, slotName } from './names.ts';
import { forgetPackage } from './packages.ts';
import { runsIn } from './premium.ts';

/**
 * Removes a package of Premium that no app or slot of the function runs: they read it again at each start. Runs while the
 * function is held, as nothing may begin to use it meanwhile.
 * @param site the app or slot that has run it, and will not
 */
export async function forgetUnused(context: FlexContext, site: string, sha256: string): Promise<void> {
  const live = homeOf(context, site);
  const others = (await listSites(context)).filter(
    ({ name }) => name !== site && name !== live && ownerOf(name) === live,
  );
  const used = new Set(others.map((one) => runsOf(one)?.packageSha256));
  for (const place of [live, slotName(live)]) {
    if (place !== site) used.add(await packageOf(context, place));
  }
  if (!used.has(sha256)) await forgetPackage(context, live, sha256);
}

/** What the settings of a live app or its slot name. */
async function packageOf(context: FlexContext, site: string): Promise<string | undefined> {
  try {
    return runsIn(await readSettings(context, site))?.packageSha256;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
