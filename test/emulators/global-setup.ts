import { beginRun, stopAll, sweep } from './running.ts';

/** Around a whole run of vitest: its servers are its own, and end with it. */
export default async function setup(): Promise<() => Promise<void>> {
  await sweep();
  const owner = beginRun();
  return async () => void (await stopAll(owner));
}
