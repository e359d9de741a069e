import { randomUUID } from 'node:crypto';
import { isMissing } from '../../azure/failure.ts';
import { ColdgateError } from '../../errors.ts';
import { readPackage } from '../../package/package-cache.ts';
import { pause } from '../../pause.ts';
import type { ColdInstance, ColdOptions } from '../../rollout/cold-instance.ts';
import type { Wanted } from '../../rollout/platform.ts';
import { type Answer, CallTimeout, describeAnswer, field, isOurs } from '../../rollout/proof/http.ts';
import { warmPath } from '../../rollout/proof/prove.ts';
import type { SampleRequest } from '../../rollout/target.ts';
import { readSettings, writeSettings } from './app-settings.ts';
import type { FlexContext } from './context.ts';
import { ask, isEarly } from './endpoint.ts';
import { keyOf } from './keys.ts';
import { sampleName } from './names.ts';
import { nothingOf } from './observe.ts';
import { runIn } from './publish.ts';
import { removeApp } from './remove.ts';
import { siteUrl } from './resources.ts';
import type { SampleApp } from './state.ts';
import { revisionVariable, variablesOf } from './wanted.ts';

const betweenMs = 250;

/**
 * One start: a setting that no process has seen has Azure end all processes of the app, and the first request after that starts
 * another. What answers with that setting began after it; what else answers is of before, and is asked again.
 */
export async function startCold(
  context: FlexContext,
  request: SampleRequest,
  wanted: Wanted,
  { signal }: ColdOptions,
): Promise<ColdInstance> {
  const revision = `sample-${randomUUID().slice(0, 12)}`;
  const app = await changedApp(context, request, wanted, revision);
  return firstAnswer(context, app, { ...request, signal, revision });
}

/** The app of the version with the new setting; made for the first start, and again where someone has removed it. */
async function changedApp(
  context: FlexContext,
  request: SampleRequest,
  wanted: Wanted,
  revision: string,
): Promise<SampleApp> {
  const key = `${request.settings.name} ${request.version}`;
  const known = context.samples.get(key);
  const of = `${wanted.packageSha256} ${wanted.settingsSha256}`;
  const app = known?.of === of ? known : await makeApp(context, request, wanted, of);
  context.samples.set(key, app);
  // Asking for the key starts a process, which must be one of before.
  await keyOf(context, app.site);
  app.settings = { ...app.settings, [revisionVariable]: revision };
  try {
    await writeSettings(context, app.site, app.settings);
    return app;
  } catch (error) {
    if (known !== app || !isMissing(error)) throw error;
    context.samples.delete(key);
    return changedApp(context, request, wanted, revision);
  }
}

async function makeApp(context: FlexContext, request: SampleRequest, wanted: Wanted, of: string): Promise<SampleApp> {
  const { settings, package: from, version } = request;
  const state = nothingOf(context, settings.name);
  const site = sampleName(state.site, version, `${context.run} ${of}`);
  // Known as ours before it is made: whatever becomes of the calls, it is removed at the end.
  const key = `${settings.name} ${version}`;
  const replaced = context.samples.get(key);
  context.samples.set(key, { site, url: '', settings: {}, of: '' });
  if (replaced && replaced.site !== site) await removeApp(context, replaced.site);
  const revision = `sample-${randomUUID().slice(0, 12)}`;
  const { packageSha256, settingsSha256 } = wanted;
  const variables = await variablesOf(context, settings, { version, revision });
  const wish = { variables, packageSha256, settingsSha256, bytes: () => readPackage(from) };
  const app = { role: 'sample', version } as const;
  const made = await runIn(context, state, { site, wish, request, app, revision });
  return { site, url: siteUrl(made) ?? '', settings: await readSettings(context, site), of };
}

interface Start extends Pick<SampleRequest, 'timeoutMs'> {
  signal: AbortSignal;
  revision: string;
}

/** The time from request to answer counts only where the first request met the new process: no caller waits otherwise. */
async function firstAnswer(
  context: FlexContext,
  { site, url }: SampleApp,
  { timeoutMs, signal, revision }: Start,
): Promise<ColdInstance> {
  const until = performance.now() + timeoutMs;
  let lastSeen = 'nothing has answered';
  for (let attempts = 1; ; attempts++) {
    const began = performance.now();
    const left = until - began;
    if (left <= 0)
      return { revision, outcome: { status: 'timeout', note: `no answer of the new process: ${lastSeen}` } };
    try {
      const answer = await ask(context, { site, url }, warmPath, { timeoutMs: left, signal });
      const roundTripMs = attempts === 1 ? performance.now() - began : undefined;
      if (isOfStart(answer, revision)) return { revision, roundTripMs, outcome: { answer } };
      lastSeen = describeAnswer(answer);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ColdgateError) throw error;
      lastSeen = (error as Error).message.split('\n')[0] ?? '';
      if (error instanceof CallTimeout) return { revision, outcome: { status: 'timeout', note: lastSeen } };
    }
    await pause(betweenMs, signal);
  }
}

/** Whether it is of the process that the new setting has started: old answers and those of the front end are not yet. */
const isOfStart = (answer: Answer, revision: string): boolean =>
  !isEarly(answer) && (!isOurs(answer) || field(answer.body, 'revision') === revision || isFailure(answer));

/** A process that cannot load its model names no revision in its error; the one of before had loaded it. */
const isFailure = ({ status, body }: Answer): boolean => status >= 500 && field(body, 'revision') === undefined;
