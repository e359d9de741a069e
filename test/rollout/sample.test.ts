import { expect, it } from 'vitest';
import { silentLogger } from '../../src/log.ts';
import { rolloutTarget } from '../../src/rollout/rollout.ts';
import type { SampleRequest, Target } from '../../src/rollout/target.ts';
import { MemoryService, memoryPlatform } from './memory-platform.ts';

const sha256 = 'a'.repeat(64);
const start: SampleRequest = {
  settings: { name: 'digits', model: 'digits', storeVariables: {}, handlerVariables: {} },
  package: { path: '', sha256: '1'.repeat(64), size: 1 },
  ...{ version: '1.0.0', sha256, sample: undefined, timeoutMs: 60_000 },
};

/** A run on a platform that starts nothing: one instance answers again and again. */
function runOnWarm(): Target {
  const service = new MemoryService({ pointer: '1.0.0', versions: new Map([['1.0.0', { sha256, factor: 2 }]]) });
  const platform = memoryPlatform(service);
  const { signal } = new AbortController();
  return rolloutTarget(
    {
      ...platform,
      async startCold(...request) {
        const started = await platform.startCold(...request);
        if ('answer' in started.outcome) Object.assign(started.outcome.answer.body as object, { instance_id: 'warm' });
        return started;
      },
    },
    { log: silentLogger, signal },
  );
}

it('takes no warm instance for a cold start, in the run that has measured it and in a later one', async () => {
  const run = runOnWarm();
  expect(await run.sample(start)).toMatchObject({ status: 'ok', instance_id: 'warm' });
  expect(await run.sample(start)).toMatchObject({ status: 'failed', note: expect.stringContaining('warm') });
  expect(await runOnWarm().sample({ ...start, known: ['warm'] })).toMatchObject({ status: 'failed' });
});
