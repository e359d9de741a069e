import { fileURLToPath } from 'node:url';
import { advise, lookedUp } from '../advice/advise.ts';
import type { Finding } from '../advice/rule.ts';
import { findingText } from '../advice/words.ts';
import { selectEnvironment } from '../config/select.ts';
import type { Config, Environment } from '../config/types.ts';
import { ColdgateError, exitCodes } from '../errors.ts';
import { type Premises, renderAdvice } from '../iam/bucket/advice.ts';
import { adviceFor } from '../iam/bucket/suggest.ts';
import { adviceForFunctions } from '../iam/iam.ts';
import { bucketRef, type Subject } from '../iam/subject.ts';
import { asyncPrefix } from '../model/layout.ts';
import { examineStore } from '../registry/doctor/doctor.ts';
import { staleRemoval } from '../registry/version/trust.ts';
import { factsThere, locateStore } from '../steps/advice/facts.ts';
import { policySubject } from '../steps/policy-subject.ts';
import { readConfig } from '../steps/read-config.ts';
import { markdownTable } from '../steps/results.ts';
import { completeEntry } from '../steps/source/external-data.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import type { WorkInput, Workspace } from '../steps/workspace.ts';
import { openWorkspace } from '../steps/workspace.ts';
import { toolVersion } from '../version.ts';

export interface SuggestInput extends WorkInput {
  coldAfter: number;
  keep: number;
}

const unique = (words: readonly string[]): string[] => [...new Set(words)].sort();

async function premisesOf(
  config: Config,
  { store }: Environment,
  { functions }: Subject,
  input: SuggestInput,
): Promise<Premises> {
  const { environments, models } = config;
  const { url, region, endpoint, readUrl } = store;
  const place = url.startsWith('file:')
    ? { store: undefined, bucket: fileURLToPath(url), account: '', root: '' }
    : bucketRef(store);
  const sharing = Object.values(environments).filter((other) => other.store.url === url);
  const all = await Promise.all(Object.values(models).map((entry) => completeEntry(config, entry)));
  return {
    ...place,
    ...{ region, endpoint, readUrl, coldAfter: input.coldAfter, keep: input.keep },
    queues: functions.flatMap(({ name, target, kind }) => {
      const queue = 'queue' in target && kind !== 'preview' ? target.queue : undefined;
      return queue ? [{ prefix: asyncPrefix(name), days: queue.keepDays }] : [];
    }),
    pointers: unique(sharing.map(({ pointer }) => pointer)),
    models: unique(all.map(({ name }) => name)),
    files: unique(all.flatMap(({ files }) => files.map(({ path }) => path))),
  };
}

/** `coldgate doctor --suggest`: what the owner of the store should set up. Makes no request and changes nothing. */
export async function suggest(input: SuggestInput, context: Context): Promise<VerbResult> {
  const config = await readConfig(input.config, context, { checkFiles: false });
  const environment = selectEnvironment(config, input.environment);
  const { url } = environment.store;
  const { repository } = await context.source();
  const subject = policySubject(config, environment, Object.values(config.models), { repository, account: undefined });
  // The project first: it has the bucket that the rest is about.
  const ofProject = adviceForFunctions(subject);
  const advice = [...ofProject, ...adviceFor(await premisesOf(config, environment, subject, input))];
  const count = advice.length === 1 ? '1 thing' : `${advice.length} things`;
  const what = ofProject.length > 0 ? `${url} and the place of its functions` : url;
  const head = `${what}: ${count} to set up, as commands to read and then to run.`;
  const rows = advice.map(({ name, why }) => [name, why]);
  return {
    outputs: { healthy: '' },
    document: { environment: environment.name, url, advice },
    verbatim: true,
    lines: [head],
    summary: `## Coldgate doctor\n\n${head}\n\n${markdownTable(['what', 'why'], rows)}`,
    text: renderAdvice(environment.name, what, advice),
  };
}

export interface DoctorInput extends SuggestInput {
  suggest: boolean;
}

/** What advise finds by what the account and the measurements say, for every model of the environment. */
async function adviceOn(ws: Workspace, context: Context): Promise<Finding[]> {
  const located = await locateStore(ws, context);
  const found: Finding[] = [];
  for (const entry of ws.models) {
    found.push(...lookedUp(advise(await factsThere(ws, entry, located, {}, context))));
  }
  return found;
}

/** `coldgate doctor`. */
export async function run(input: DoctorInput, context: Context): Promise<VerbResult> {
  if (input.suggest) return suggest(input, context);
  const ws = await openWorkspace(input, context, { checkFiles: false });
  const { store, environment } = ws;
  const { now, log } = context;
  const { url, trusted, checks } = await examineStore({ store, now, log, coldgateVersion: toolVersion });
  const rows = checks.map((c) => [
    c.ok ? 'ok' : 'FAILED',
    c.name,
    c.ok ? `${c.proved} Seen: ${c.detail}.` : `${c.detail}. Wanted: ${c.proved}`,
  ]);
  const advice = await adviceOn(ws, context);
  rows.push(...advice.map((one) => [one.verdict, `${one.model}, ${one.id}`, findingText(one)]));
  const bad = checks.filter((c) => !c.ok);
  const unpruned = bad.some((c) => c.name === staleRemoval)
    ? ' Prune refuses it, since removals ignore conditions.'
    : '';
  const head = trusted
    ? `${url} honours preconditions of writes: ${checks.length - bad.length} of ${checks.length} checks passed.${unpruned}`
    : `${url} cannot be trusted with promotions: ${bad.map((c) => c.name).join(', ')} failed.`;
  const failure = trusted
    ? undefined
    : new ColdgateError('store-not-trusted', exitCodes.denied, head, {
        hint: 'Use a store that honours conditional writes; promote refuses this one.',
        data: { failed: bad.map((c) => c.name) },
      });
  return {
    outputs: { healthy: String(trusted) },
    document: { healthy: trusted, environment: environment.name, url, checks, advice },
    lines: [head, ...rows.map(([ok, name, what]) => `  ${ok} ${name}: ${what}`)],
    summary: `## Coldgate doctor\n\n${head}\n\n${markdownTable(['', 'check', 'what it proved, or what was seen'], rows)}`,
    failure,
  };
}
