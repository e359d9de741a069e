import { once } from '../model/once.ts';
import type { Settings, Variables } from '../settings.ts';
import type { OpenDesk } from './desk.ts';
import type { Queue } from './queue.ts';

/** Opens a platform's queue. @param place what COLDGATE_QUEUE says. Throws SettingsError where it is none. */
export type OpenQueue = (place: string, variables: Variables) => Promise<Queue>;

/** Reads nothing of the queue before a request or a message asks for it. Undefined where the function has none. */
export function openDeskOnce(
  settings: Pick<Settings, 'source' | 'model'>,
  variables: Variables,
  openQueue: OpenQueue | undefined,
): OpenDesk | undefined {
  const place = variables['COLDGATE_QUEUE'];
  if (!place || !openQueue) return undefined;
  return once(async () => {
    const { openDesk } = await import('./desk.ts');
    return openDesk(settings, variables, await openQueue(place, variables));
  });
}
