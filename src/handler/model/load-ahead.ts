import type { App } from '../http/app.ts';
import { settles } from '../settles.ts';

/**
 * Loads the main model before the function takes requests, for `boundMs` at most: after that the load continues beside
 * requests, which wait for it. A load that fails has been logged, and requests are answered with its reason. Never rejects.
 */
export async function loadAhead(app: Pick<App, 'warm'>, boundMs: number): Promise<void> {
  await settles(app.warm(), boundMs);
}
