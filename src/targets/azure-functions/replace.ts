import { UnprovenError } from '../../errors.ts';
import { digestIn } from '../../package/host-files.ts';
import { pause } from '../../pause.ts';
import { type Answer, describeAnswer, field, isOurs } from '../../rollout/proof/http.ts';
import { ensureApp, noteRuns, readSite, runsOf } from './app.ts';
import { isSameSettings, mergeSettings, ownSettings, readSettings, writeSettings } from './app-settings.ts';
import type { FlexContext } from './context.ts';
import { ask, settlingUntil } from './endpoint.ts';
import { alone } from './lease.ts';
import { forgetPackage, keepPackage, keptPackage } from './packages.ts';
import { pushPackage } from './push.ts';
import { movedError, whileThere } from './refusal.ts';
import { formerTag, type Runs, type Site, siteUrl } from './resources.ts';
import type { FlexRevision, FlexState, Wish } from './state.ts';
import { revisionVariable, strategyOf } from './wanted.ts';

/**
 * So many answers in a row have to be those of the new revision, this far apart, ms: all processes end together, or, where the
 * app is updated step by step, one after the other.
 */
const wantedInARow = 10;
const betweenMs = { Recreate: 100, RollingUpdate: 300 };
const lookMs = 30_000;

/**
 * Gives the live app another package and other settings, in place: at most one update for each of the two, and one where the app
 * itself differs. Runs alone, and only while the app still runs what was decided on. Throws MovedError where it does not, and
 * UnprovenError where the new revision does not answer.
 */
export async function replaceLive(
  context: FlexContext,
  state: FlexState,
  from: FlexRevision,
  to: FlexRevision,
): Promise<FlexRevision> {
  const former = context.former.get(state.name);
  const wish = to.wish ?? (former?.revision.id === to.id ? former.wish : undefined);
  if (!wish) throw new Error(`nothing is known of the revision ${to.id} of ${state.site}`);
  return whileThere(() =>
    alone(context, state.site, async () => {
      const site = await readSite(context, state.site);
      const settings = await readSettings(context, state.site);
      if (!site || (settings[revisionVariable] ?? '') !== from.id) throw movedError(state.site);
      await rememberFormer(context, state, from, settings);
      const updated = await update(context, { site, settings, wish, revision: to.id, name: state.name });
      const { url } = await untilServed(context, updated, { revision: to.id, digest: await digestOf(wish) });
      await note(context, updated, { ...wish, revision: to.id }, from.packageSha256);
      state.sites.set(state.site, updated);
      const { packageSha256, settingsSha256 } = wish;
      return { ...{ id: to.id, site: state.site, role: 'live', version: null }, packageSha256, settingsSha256, url };
    }),
  );
}

/** Notes what runs now, and keeps the packages of now and before only. */
async function note(context: FlexContext, site: Site, runs: Runs, before: string): Promise<void> {
  const older = site.tags?.[formerTag];
  await noteRuns(context, site, runs, before);
  if (older && older !== before && older !== runs.packageSha256) await forgetPackage(context, site.name, older);
}

/** What is there now is the way back, as long as its package was kept. */
async function rememberFormer(
  context: FlexContext,
  { name, site }: FlexState,
  from: FlexRevision,
  settings: Record<string, string>,
): Promise<void> {
  const { packageSha256, settingsSha256, role } = from;
  if (role !== 'live' || packageSha256 === '') return;
  if (!(await keptPackage(context, site, packageSha256, 'look'))) return;
  const bytes = async (): Promise<Uint8Array> => {
    const kept = await keptPackage(context, site, packageSha256);
    if (kept) return kept;
    throw new Error(`the package ${packageSha256} of before is gone from the container ${site}`);
  };
  const wish: Wish = { variables: ownSettings(settings), packageSha256, settingsSha256, bytes };
  context.former.set(name, { revision: { ...from, wish }, wish });
}

interface Update {
  site: Site;
  settings: Record<string, string>;
  wish: Wish;
  revision: string;
  /** Function, for the app itself. */
  name: string;
}

/** Settings before code: code of before must bear them for a moment. */
async function update(context: FlexContext, { site, settings, wish, revision, name }: Update): Promise<Site> {
  const app = { role: 'live', version: null } as const;
  const of = wish.request?.settings;
  // Known as ours before it is changed: whatever becomes of the calls, answers are waited for.
  context.moved.set(site.name, { reports: revision, until: settlingUntil() });
  const { site: now } = of ? await ensureApp(context, { site: site.name, of: { ...of, name }, app }, site) : { site };
  const merged = mergeSettings(settings, wish.variables);
  if (!isSameSettings(settings, merged)) {
    context.log.info(`Changing the settings of ${site.name}.`);
    await writeSettings(context, site.name, merged);
  }
  if (wish.anew || runsOf(site)?.packageSha256 !== wish.packageSha256) {
    const bytes = await wish.bytes();
    await keepPackage(context, site.name, wish.packageSha256, bytes);
    await pushPackage(context, now, bytes);
  }
  context.moved.set(site.name, { reports: revision, until: settlingUntil() });
  return now;
}

interface Served {
  revision: string;
  /** What the package says of itself, where Coldgate has made it. */
  digest: string | undefined;
}

const digestOf = async (wish: Wish): Promise<string | undefined> => digestIn(Buffer.from(await wish.bytes()));

/** Settings tell the revision and the package its digest: an update of both is done when both answer. */
const isServed = ({ body }: Answer, { revision, digest }: Served): boolean =>
  field(body, 'revision') === revision && (digest === undefined || field(body, 'package_digest') === digest);

/** Waits until the new revision answers, and nothing else does, at the address of callers. Throws UnprovenError. */
async function untilServed(context: FlexContext, site: Site, served: Served): Promise<{ url: string }> {
  const url = siteUrl(site) ?? '';
  const until = settlingUntil();
  const wait = betweenMs[strategyOf(context.settings, 'live')];
  let last: Answer | Error | undefined;
  for (let inARow = 0; inARow < wantedInARow; ) {
    last = await look(context, site.name, url);
    const isNew = !(last instanceof Error) && isOurs(last) && isServed(last, served);
    inARow = isNew ? inARow + 1 : 0;
    if (!isNew && performance.now() > until) throw neverServed(url, served.revision, last);
    if (inARow < wantedInARow) await pause(wait, context.signal);
  }
  return { url };
}

async function look(context: FlexContext, site: string, url: string): Promise<Answer | Error> {
  try {
    return await ask(context, { site, url }, '/v1/health', { timeoutMs: lookMs, signal: context.signal });
  } catch (error) {
    context.signal.throwIfAborted();
    if ((error as { exit?: number }).exit !== undefined) throw error;
    return error as Error;
  }
}

function neverServed(url: string, revision: string, last: Answer | Error): UnprovenError {
  const lastSeen = last instanceof Error ? last.message : describeAnswer(last);
  return new UnprovenError(
    'not-ready',
    `${url} does not answer as revision ${revision} after its update: ${lastSeen}.`,
    {
      hint: 'Read the log of the function for the reason.',
      data: { url, revision },
    },
  );
}
