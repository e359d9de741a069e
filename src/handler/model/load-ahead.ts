import type { App } from '../http/app.ts';

/**
 * Loads the main model before the function takes requests, for `boundMs` at most: after that the load continues beside
 * requests, which wait for it. A load that fails has been logged, and requests are answered with its reason. Never rejects.
 */
export async function loadAhead(app: Pick<App, 'warm'>, boundMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, boundMs);
  });
  await Promise.race([app.warm(), late]);
  clearTimeout(timer);
}
