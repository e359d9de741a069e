/** A run of Coldgate reduced to one call on the local target: `node target-worker.ts <json>`; writes the result. */
import { silentLogger } from '../../../src/log.ts';
import type { DeployRequest, SampleRequest } from '../../../src/rollout/target.ts';
import { openTarget } from '../../../src/targets/open.ts';

export type WorkerTask = { stateDir: string } & (
  | { call: 'deploy' | 'route'; request: DeployRequest }
  | { call: 'sample'; request: SampleRequest }
  | { call: 'remove'; name: string }
);

async function run(task: WorkerTask): Promise<unknown> {
  const { signal } = new AbortController();
  const deps = { log: silentLogger, stateDir: task.stateDir, now: () => new Date(), signal };
  const target = await openTarget({ provider: 'local' }, deps);
  if (task.call === 'remove') return target.remove({ name: task.name }, 'all');
  return task.call === 'sample' ? target.sample(task.request) : target[task.call](task.request);
}

const result = await run(JSON.parse(process.argv[2] ?? ''));
process.stdout.write(JSON.stringify(result));
