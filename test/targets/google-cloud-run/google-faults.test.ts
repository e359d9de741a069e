import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Target } from '../../../src/rollout/target.ts';
import { ApiError } from '../../google/api-error.ts';
import type { Call, Fault } from '../../google/context.ts';
import { CloudRunBench, serviceName } from '../../google/target-bench.ts';

/*
 * Releases to a service, with one thing going wrong at each call in turn that changes something. Whatever goes wrong once,
 * the release ends as it should, and leaves what it would have left.
 */
const busy = new ApiError(429, 'RESOURCE_EXHAUSTED', "Quota exceeded for quota metric 'Write requests'.");
const failing = new ApiError(503, 'UNAVAILABLE', 'The service is currently unavailable.');
const moved = new ApiError(409, 'ABORTED', "Conflict for resource 'digits-production': version '1' was specified.");

const faults: [string, Fault][] = [
  ['429 RESOURCE_EXHAUSTED', busy],
  ['503 UNAVAILABLE', failing],
  ['409 ABORTED', moved],
  ['a lost answer after it is done', 'lost'],
  ['no answer, and it is not done', 'unheard'],
];

describe('a release to Cloud Run', () => {
  let bench: CloudRunBench;
  let releases = 0;
  /** Calls of a release that change something, by method. */
  let first: string[];
  let next: string[];

  beforeAll(async () => {
    bench = await CloudRunBench.open({ knobs: { looks: 0 } });
    bench.google.calls();
    await release();
    first = changing();
    await release();
    next = changing();
  });
  afterAll(() => bench.close());

  const changing = (): string[] => bench.google.calls().flatMap(({ method, mutating }) => (mutating ? [method] : []));

  /** Everything that a release asks of the target, each with another package and the other version. */
  async function release(): Promise<void> {
    const target: Target = await bench.target();
    const from = await bench.package(`release ${++releases}`);
    const at = releases % 2 === 0 ? 0 : 1;
    await target.deploy(await bench.request('candidate', at, from));
    const start = await target.sample({ ...(await bench.request('candidate', at, from)), timeoutMs: 30_000 });
    expect(start).toMatchObject({ status: 'ok' });
    bench.store.point(bench.versions[at]!.version);
    const { revision } = await target.route(await bench.request('live', at, from));
    expect(revision).toMatchObject({ role: 'live', packageSha256: from.sha256 });
    await target.remove(bench.settings, 'candidates');
  }

  /** Answers the fault at the nth of the calls that change something. */
  function at(nth: number, fault: Fault): void {
    let count = 0;
    bench.google.context.fault = ({ mutating }: Call) => (mutating && count++ === nth ? fault : undefined);
  }

  async function trial(nth: number, fault: Fault): Promise<string[]> {
    at(nth, fault);
    const failure = await release().catch((error: Error) => [`failed: ${error.message}`]);
    bench.google.context.fault = () => undefined;
    return [...(failure ?? []), ...bench.leftovers()];
  }

  it('is what it should be, undisturbed', () => {
    expect(first).toEqual(expect.arrayContaining(['storage.objects.insert', 'run.projects.locations.services.create']));
    expect(next.filter((method) => method.endsWith('services.patch')).length).toBeLessThanOrEqual(6);
    expect(bench.leftovers()).toEqual([]);
  });

  it.each(faults)('bears %s at each call of the next release', async (_what, fault) => {
    const wrong: Record<string, unknown> = {};
    for (const [nth, method] of next.entries()) {
      const found = await trial(nth, fault);
      if (found.length > 0) wrong[`${method}, ${nth + 1}`] = found;
    }
    expect(wrong).toEqual({});
  });

  it.each(faults)('bears %s at each call of the first release', async (_what, fault) => {
    const wrong: Record<string, unknown> = {};
    const until = first.indexOf('run.projects.locations.services.patch') + 1;
    for (const [nth, method] of first.slice(0, until).entries()) {
      await (await bench.target()).remove({ name: serviceName }, 'all');
      const found = await trial(nth, fault);
      if (found.length > 0) wrong[`${method}, ${nth + 1}`] = found;
    }
    expect(wrong).toEqual({});
  });

  it('names each permission that is missing and who lacks it, and converges once it is there', async () => {
    const wrong: Record<string, unknown> = {};
    const denials: [string, string][] = [
      ['storage.objects.insert', 'storage.objects.create'],
      ['run.projects.locations.services.patch', 'run.services.update'],
      ['run.projects.locations.services.get', 'run.services.get'],
      ['run.projects.locations.services.revisions.list', 'run.revisions.list'],
    ];
    for (const [requests, permission] of denials) {
      const text = `Permission '${permission}' denied on resource 'x' (or resource may not exist).`;
      const denial = new ApiError(403, 'PERMISSION_DENIED', text);
      bench.google.context.fault = ({ method }) => (method === requests ? denial : undefined);
      const failure = await release().catch((error: unknown) => error as { code?: string; exit?: number });
      bench.google.context.fault = () => undefined;
      await release();
      const { code, exit, message = '' } = (failure ?? {}) as { code?: string; exit?: number; message?: string };
      const fine = code === 'permission-denied' && exit === 8 && message.includes(permission);
      const isNamed = message.includes(bench.google.pipeline);
      if (!fine || !isNamed || bench.leftovers().length > 0)
        wrong[requests] = { code, exit, message, left: bench.leftovers() };
    }
    expect(wrong).toEqual({});
  });
});
