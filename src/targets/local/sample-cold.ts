import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColdStart } from '../../gate/sample.ts';
import { extractPackage } from '../../package/unzip.ts';
import { type Answer, CallTimeout, call } from '../proof/http.ts';
import { judgeStart } from '../proof/judge-start.ts';
import { warmPath } from '../proof/prove.ts';
import type { SampleRequest } from '../target.ts';
import { commandOf, entryName } from './command.ts';
import { placeOf } from './place.ts';
import type { ProcessMark } from './process-mark.ts';
import { Sampler } from './sampler.ts';
import { urlOf } from './state.ts';
import { processVariables } from './variables.ts';
import type { World } from './world.ts';

/** What one target remembers between its samples. */
export interface Sampling {
  /** Instances that have answered before: a cold start has a new one. */
  seen: Set<string>;
  /** Unpacked and verified packages by digest; verifying before each start would warm more than the start itself does. */
  packages: Map<string, string>;
}

/**
 * One cold start: a new process of the very package, pinned to the version, with an empty model folder, until it has
 * loaded the model, run the sample and said so. The clock runs from the spawn to the answer. Never throws for a bad
 * start; throws the signal's reason when the run is to end.
 */
export async function sampleCold(world: World, sampling: Sampling, request: SampleRequest): Promise<ColdStart> {
  const signal = request.signal ? AbortSignal.any([world.signal, request.signal]) : world.signal;
  signal.throwIfAborted();
  const place = await placeOf(world.stateDir, request.settings.name);
  const cache = join(place.samples, `${world.owner.pid}-${world.owner.started}-${randomUUID().slice(0, 8)}`);
  try {
    const dir = await packageDir(sampling, request, place.packages);
    await mkdir(cache, { recursive: true });
    const revision = `sample-${randomUUID().slice(0, 12)}`;
    const mark: ProcessMark = { tag: place.tag, role: 'sample', revision, owner: world.owner };
    const code = join(place.code, request.package.sha256);
    const variables = processVariables({ settings: request.settings, mark, version: request.version, cache, code });
    const start = (): Sampler => new Sampler(dir, commandOf(dir, 0, mark), variables);
    return await measure(start, revision, { sampling, request, signal });
  } catch (error) {
    signal.throwIfAborted();
    return { status: 'failed', note: (error as Error).message.split('\n')[0] ?? 'unknown failure', timings: {} };
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}

async function packageDir(sampling: Sampling, request: SampleRequest, packages: string): Promise<string> {
  const known = sampling.packages.get(request.package.sha256);
  if (known && existsSync(join(known, entryName))) return known;
  const dir = await extractPackage(request.package, packages);
  sampling.packages.set(request.package.sha256, dir);
  return dir;
}

interface Measurement {
  sampling: Sampling;
  request: SampleRequest;
  signal: AbortSignal;
}

async function measure(
  start: () => Sampler,
  revision: string,
  { sampling, request, signal }: Measurement,
): Promise<ColdStart> {
  const began = performance.now();
  const left = (): number => request.timeoutMs - (performance.now() - began);
  const sampler = start();
  try {
    const listening = await sampler.listening(left(), signal);
    const answer: Answer = await call(`${urlOf(listening.port)}${warmPath}`, { timeoutMs: left(), signal });
    const roundTripMs = performance.now() - began;
    return judgeStart(answer, {
      request,
      revision,
      instanceId: listening.instanceId,
      seen: sampling.seen,
      roundTripMs,
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CallTimeout) {
      return { status: 'timeout', note: `no answer within ${request.timeoutMs} ms`, timings: {} };
    }
    return { status: 'failed', note: await sampler.explain(error as Error), timings: {} };
  } finally {
    await sampler.stop();
  }
}
