import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Environment, ModelEntry } from '../config/types.ts';
import { ColdgateError, exitCodes, InputError, UnprovenError } from '../errors.ts';
import { type Burst, burst } from '../measure/burst.ts';
import { k6Script } from '../measure/k6-script.ts';
import { requestOf } from '../model/sample.ts';
import { readPointer } from '../registry/pointer/read-pointer.ts';
import type { Revision, TargetState } from '../rollout/target.ts';
import { burstReport } from './burst-report.ts';
import { functionSettings } from './function-settings.ts';
import type { ModelResult } from './results.ts';
import { readStoredVersion, type StoredVersion } from './stored-version.ts';
import type { Context } from './verb.ts';
import { versionFor } from './version-for.ts';
import type { Workspace } from './workspace.ts';

export interface BurstInput {
  version?: string | undefined;
  /** Requests in one moment; nothing only writes the script. */
  burst?: number | undefined;
  on?: 'candidate' | 'live' | undefined;
  /** Where a script for k6 is written. */
  k6?: string | undefined;
  reportPath: string;
}

/** Sockets and the account's own limit bound it: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const maxRequests = 1000;
/** Rate of a script without a burst, requests a second. */
const usualRate = 50;

/** Whether this is about load and not about the gate. */
export const asksForBurst = (input: BurstInput): boolean => input.burst !== undefined || input.k6 !== undefined;

/** Throws InputError for a burst that is none, or larger than can be sent from here. */
export function checkBurst({ burst: requests }: BurstInput): void {
  if (requests === undefined || (requests >= 1 && requests <= maxRequests)) return;
  const message = `expected a whole number from 1 to ${maxRequests}, got ${requests}.`;
  throw new InputError([{ path: '--burst', message, hint: 'For more, let --k6 write a script and run that.' }]);
}

/** The deployed revision that is asked for, and the version that it serves. */
async function chosen(
  workspace: Workspace,
  entry: ModelEntry,
  input: BurstInput,
): Promise<{ revision: Revision; stored: StoredVersion }> {
  const { store, environment, models } = workspace;
  const target = await workspace.targetOf(entry);
  const state = await target.describe(functionSettings(environment, entry));
  const version = versionFor(input.version, entry, models);
  const candidate = state.candidates.find((one) => one.version === version);
  const wanted = input.on ?? (candidate ? 'candidate' : 'live');
  if (wanted === 'candidate') {
    if (!candidate) throw missing(entry, `${version} is not deployed as a candidate`, state);
    return { revision: candidate, stored: await readStoredVersion(store, entry.name, version) };
  }
  const pointer = (await readPointer(store, entry.name, environment.pointer))?.pointer;
  if (!state.live || !pointer) throw missing(entry, 'nothing of it is live', state);
  return { revision: state.live, stored: await readStoredVersion(store, entry.name, pointer.version) };
}

function missing(entry: ModelEntry, why: string, { live, candidates }: TargetState): ColdgateError {
  const there = [...(live ? ['live'] : []), ...candidates.map(({ version }) => `candidate ${version}`)];
  return new ColdgateError('not-deployed', exitCodes.usage, `${entry.name}: ${why}, so there is nothing to send to.`, {
    hint: `Run coldgate deploy --model ${entry.name} first${there.length > 0 ? `, or use what there is: ${there.join(', ')}` : ''}.`,
  });
}

/** `coldgate warmup --burst N` and `--k6 FILE`, of one model. */
export async function burstModel(
  workspace: Workspace,
  entry: ModelEntry,
  input: BurstInput,
  context: Context,
): Promise<ModelResult> {
  const { revision, stored } = await chosen(workspace, entry, input);
  const script = input.k6 === undefined ? undefined : await writeScript(entry, stored, revision, input, context);
  if (input.burst === undefined) return scriptReport(entry, script ?? '');
  const { version, sha256, sample } = stored;
  const target = await workspace.targetOf(entry);
  context.log.info(
    `Sending ${input.burst} requests to the ${revision.role} of ${entry.name} ${version} at once, twice.`,
  );
  const found = await burst({
    endpoint: target.reach(functionSettings(workspace.environment, entry), revision),
    expected: { version, sha256, sample },
    requests: input.burst,
    atOnce: atOnceOf(workspace.environment.target),
    timeoutMs: entry.gate.timeoutSeconds * 1000,
    signal: context.signal,
  });
  const path = await writeBurst(entry, version, revision, found, input, context);
  const report = burstReport({
    model: entry.name,
    version,
    role: revision.role,
    url: revision.url,
    found,
    names: namesFor(workspace.environment.target.provider),
    path,
    script,
  });
  return { ...report, failure: failureOf(entry, version, found) };
}

/** Lambda and a local process serve one request an instance. */
function atOnceOf(target: Environment['target']): number {
  if (target.provider === 'google-cloud-run') return target.concurrency;
  return target.provider === 'azure-functions' ? target.httpConcurrency : 1;
}

/** Settings of a target that keep instances warm, and that limit them. */
function namesFor(provider: Environment['target']['provider']): { warm: string; limit: string } {
  if (provider === 'google-cloud-run') return { warm: 'min-instances', limit: 'max-instances' };
  if (provider === 'azure-functions') return { warm: 'always-ready', limit: 'maximum-instances' };
  return { warm: 'provisioned-concurrency', limit: 'reserved-concurrency, or the concurrency of the account' };
}

function failureOf(entry: ModelEntry, version: string, { requests, first, again }: Burst): ColdgateError | undefined {
  const failed = first.failed + again.failed;
  if (failed === 0) return undefined;
  const why = first.note ?? again.note ?? 'no reason given';
  return new UnprovenError(
    'burst-failed',
    `${failed} of ${2 * requests} requests to ${entry.name} ${version} failed, the first one because ${why}`,
    { hint: 'Read the log of the function; more memory is more CPU too, and timeout-seconds bounds a request.' },
  );
}

/** Where the user asked for it, whatever is there. Throws ColdgateError where the function has no address. */
async function writeScript(
  entry: ModelEntry,
  stored: StoredVersion,
  { url }: Revision,
  { k6 = '', burst: rate = usualRate }: BurstInput,
  { cwd }: Context,
): Promise<string> {
  if (!/^https?:/.test(url)) {
    throw new ColdgateError('no-address', exitCodes.usage, `${entry.name} has no URL, which k6 needs.`, {
      hint: 'Give the target endpoint: function-url or http-api, or use --burst alone.',
    });
  }
  const { version, sample } = stored;
  const request = sample && requestOf(sample);
  const what = `${entry.name} ${version}`;
  const path = resolve(cwd, k6);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, k6Script({ what, url, version, request, rate, sloMs: entry.gate.sloMs }));
  return k6;
}

function scriptReport({ name }: ModelEntry, script: string): ModelResult {
  const line = `A load test of ${name} is in ${script}: k6 run ${script}`;
  return { model: name, outputs: {}, document: { k6: script }, lines: [line], summary: line };
}

async function writeBurst(
  { name }: ModelEntry,
  version: string,
  revision: Revision,
  found: Burst,
  { reportPath }: BurstInput,
  { cwd, now }: Context,
): Promise<string> {
  const folder = resolve(cwd, reportPath);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}-${version}-burst.json`);
  const document = { schema: 1, model: name, version, revision, at: now().toISOString(), ...found };
  await writeFile(path, `${JSON.stringify(document, null, 2)}\n`);
  const shown = relative(cwd, path);
  return shown.startsWith('..') ? path : shown;
}
