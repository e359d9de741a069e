import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { extractPackage } from '../../package/unzip.ts';
import type { ColdInstance } from '../../rollout/cold-instance.ts';
import { type Answer, CallTimeout, call } from '../../rollout/proof/http.ts';
import { warmPath } from '../../rollout/proof/prove.ts';
import type { SampleRequest } from '../../rollout/target.ts';
import { commandOf, entryName } from './command.ts';
import type { LocalContext } from './context.ts';
import { functionPaths } from './paths.ts';
import type { ProcessMark } from './process-mark.ts';
import { Sampler } from './sampler.ts';
import { urlOf } from './state.ts';
import { processVariables } from './variables.ts';

/** Unpacked and verified packages by digest; verifying before each start would warm more than the start itself does. */
export type SampledPackages = Map<string, string>;

/**
 * A new process of the same package, pinned to the version, with an empty model folder, until it reports that it has
 * loaded the model and run the sample. Measured from spawn to response.
 */
export async function startCold(
  context: LocalContext,
  packages: SampledPackages,
  request: SampleRequest,
  signal: AbortSignal,
): Promise<ColdInstance> {
  const place = await functionPaths(context.stateDir, request.settings.name);
  const cache = join(place.samples, `${context.owner.pid}-${context.owner.started}-${randomUUID().slice(0, 8)}`);
  const revision = `sample-${randomUUID().slice(0, 12)}`;
  try {
    const dir = await packageDir(packages, request, place.packages);
    await mkdir(cache, { recursive: true });
    const mark: ProcessMark = { tag: place.tag, role: 'sample', revision, owner: context.owner };
    const code = join(place.code, request.package.sha256);
    const variables = processVariables({ settings: request.settings, mark, version: request.version, cache, code });
    return await measure(() => new Sampler(dir, commandOf(dir, 0, mark), variables), revision, { request, signal });
  } catch (error) {
    signal.throwIfAborted();
    const note = (error as Error).message.split('\n')[0] ?? 'unknown failure';
    return { revision, roundTripMs: 0, outcome: { status: 'failed', note } };
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}

async function packageDir(known: SampledPackages, request: SampleRequest, packages: string): Promise<string> {
  const there = known.get(request.package.sha256);
  if (there && existsSync(join(there, entryName))) return there;
  const dir = await extractPackage(request.package, packages);
  known.set(request.package.sha256, dir);
  return dir;
}

async function measure(
  start: () => Sampler,
  revision: string,
  { request, signal }: { request: SampleRequest; signal: AbortSignal },
): Promise<ColdInstance> {
  const began = performance.now();
  const left = (): number => request.timeoutMs - (performance.now() - began);
  const sampler = start();
  try {
    const { port, instanceId } = await sampler.listening(left(), signal);
    const answer: Answer = await call(`${urlOf(port)}${warmPath}`, { timeoutMs: left(), signal });
    return { revision, instanceId, roundTripMs: performance.now() - began, outcome: { answer } };
  } catch (error) {
    signal.throwIfAborted();
    const isLate = error instanceof CallTimeout;
    const note = isLate ? `no answer within ${request.timeoutMs} ms` : await sampler.explain(error as Error);
    return {
      revision,
      roundTripMs: performance.now() - began,
      outcome: { status: isLate ? 'timeout' : 'failed', note },
    };
  } finally {
    await sampler.stop();
  }
}
