/**
 * A release by the driver of a target alone, as a process that may be killed: deploys a candidate, measures one start, makes
 * it live and removes what is over. Takes a JSON document of the target's settings and the two requests.
 */
import { silentLogger } from '../../../src/log.ts';
import type { DeployRequest } from '../../../src/rollout/target.ts';
import { openTarget } from '../../../src/targets/open.ts';

export interface ReleaseWork {
  settings: Parameters<typeof openTarget>[0];
  candidate: DeployRequest;
  live: DeployRequest;
  /** How far the clock is ahead, ms. */
  aheadMs: number;
}

const { settings, candidate, live, aheadMs } = JSON.parse(process.argv[2] ?? '') as ReleaseWork;
const target = await openTarget(settings, {
  log: silentLogger,
  stateDir: '/nonexistent',
  now: () => new Date(Date.now() + aheadMs),
  signal: new AbortController().signal,
  env: process.env,
});
await target.deploy(candidate);
const start = await target.sample({ ...candidate, timeoutMs: 30_000 });
if (start.status !== 'ok') throw new Error(start.note);
await target.route(live);
await target.remove(live.settings, 'candidates');
