import { ColdgateError } from '../../errors.ts';
import { MovedError } from '../../rollout/platform.ts';
import type { DeployRequest } from '../../rollout/target.ts';
import { isSame } from '../../rollout/wanted.ts';
import { type RunContext, runUrl, servicePath } from './context.ts';
import { withLog } from './logs.ts';
import { revisionName, serviceName, tagOf } from './names.ts';
import { observe, revisionOf } from './observe.ts';
import { finished, waitForRun } from './operations.ts';
import { sourceOf } from './package-object.ts';
import { dropTags, removeOrLeave } from './prune.ts';
import { movedError } from './refusal.ts';
import { removeService } from './remove.ts';
import type { Operation, RevisionResource, Source } from './resources.ts';
import { serviceFields } from './service-settings.ts';
import { skippingCheck, withFreeName } from './skip-check.ts';
import type { RunRevision, RunState } from './state.ts';
import { namedIn, soundTraffic, uriOfTag, withTag } from './traffic.ts';
import { addressOfTag, readService, setTraffic, update } from './update.ts';
import { type RunWanted, templateOf } from './wanted.ts';

export type Request = Pick<DeployRequest, 'settings' | 'package'>;

/**
 * The service, made if it is not there. All of its traffic then goes to a first revision that nothing is started of before
 * someone calls, since a service needs one and a candidate must not be behind the main address.
 */
export async function ensureService(context: RunContext, request: Request, wanted: RunWanted): Promise<RunState> {
  const { name: given } = request.settings;
  const found = await observe(context, given);
  if (found && !isBroken(found)) return found;
  if (found) await removeService(context, found.name);
  const name = serviceName(given);
  const { settings, calls, log, parent } = context;
  const source = await sourceOf(context, request);
  log.info(`Creating the service ${name} in ${settings.region}.`);
  const first: RunWanted = { ...wanted, purpose: 'first', version: null, until: undefined, reports: `first-${name}` };
  const url = runUrl(context, `${parent}/services`, { serviceId: name });
  const path = servicePath(context, name);
  const requestContext = { permission: 'run.services.create', resource: path };
  const nameOf = (taken: string | undefined) => revisionName(name, 'first', identityOf(first), taken);
  const { result } = await withFreeName(nameOf, (revision) =>
    skippingCheck(context, (skipCheck) => {
      const template = templateOf(settings, { name: revision, wanted: first, request, source, skipCheck });
      const traffic = [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision, percent: 100 }];
      const json = {
        description: `Coldgate: ${name}`,
        ...serviceFields(settings),
        client: 'coldgate',
        template,
        traffic,
      };
      return calls.send<Operation>({ method: 'POST', url, json }, requestContext);
    }),
  );
  await finished(context, result, `the service ${name}`, requestContext).catch((error) =>
    withdraw(context, name, error),
  );
  const made = await observe(context, given);
  if (!made) throw movedError(`${name} is gone again`);
  return made;
}

/** A run that was killed has made a service whose first revision Cloud Run could not make. */
const isBroken = ({ all }: RunState): boolean =>
  all.length > 0 && all.every(({ purpose, failed }) => purpose === 'first' && failed);

/** Nothing stays of a service whose first revision could not be made: every later change of it would fail. */
async function withdraw(context: RunContext, name: string, reason: Error): Promise<never> {
  context.signal.throwIfAborted();
  const isFinal = reason instanceof ColdgateError && reason.code !== 'google-slow';
  if (isFinal) await removeService(context, name).catch((error: Error) => context.log.warn(error.message));
  throw reason;
}

const identityOf = ({ purpose, version, settingsSha256, packageSha256 }: RunWanted): string =>
  JSON.stringify([purpose, version, settingsSha256, packageSha256]);

/**
 * Creates the wanted revision, with a separate tag and without traffic, and waits until it can be called. Adopts one
 * that a killed run has left. Throws UnprovenError with the end of its log where it cannot be started; nothing of it is
 * then left.
 * @param replaced an equal one that does not work
 */
export async function publish(
  context: RunContext,
  state: RunState,
  wanted: RunWanted & { purpose: 'candidate' | 'live' },
  request: Request,
  replaced?: RunRevision,
): Promise<{ revision: RunRevision; fresh: boolean }> {
  const equal = state.all.filter((one) => isSame(one, { ...wanted, role: wanted.purpose }) && one.id !== replaced?.id);
  const known = equal.find(({ failed }) => !failed);
  if (known && (await becomesReady(context, state, known))) {
    const tag = tagOf(wanted.purpose, known.id);
    const wasNamed = namedIn(state.service).has(known.id);
    await setTraffic(context, state, withTag(soundTraffic(state), tag, known.id));
    // What is wrong with it takes its tag away again, by which its instances are kept warm.
    const kept = wanted.purpose === 'live' && !wasNamed;
    return { revision: { ...known, kept, url: await addressOfTag(context, state, tag, known.id) }, fresh: true };
  }
  const source = await sourceOf(context, request);
  const taken = new Set(state.all.map(({ id }) => id));
  const firstName = freeName(taken, (before) => revisionName(state.name, wanted.purpose, identityOf(wanted), before));
  const nameOf = (before: string | undefined) =>
    before === undefined ? firstName : revisionName(state.name, wanted.purpose, identityOf(wanted), before);
  const { name } = await withFreeName(nameOf, (revision) =>
    make(context, state, { revision, wanted, request, source }),
  );
  const made = { ...madeOf(context, name, wanted), url: uriOfTag(state.service, tagOf(wanted.purpose, name), name) };
  state.all.push(made);
  return { revision: made, fresh: true };
}

/** The first of the names that no revision has. */
function freeName(taken: ReadonlySet<string>, nameOf: (before: string | undefined) => string): string {
  let name = nameOf(undefined);
  while (taken.has(name)) name = nameOf(name);
  return name;
}

interface Making {
  revision: string;
  wanted: RunWanted & { purpose: 'candidate' | 'live' };
  request: Request;
  source: Source | undefined;
}

async function make(
  context: RunContext,
  state: RunState,
  { revision, wanted, request, source }: Making,
): Promise<void> {
  const template = templateOf(context.settings, { name: revision, wanted, request, source, skipCheck: false });
  const traffic = withTag(soundTraffic(state), tagOf(wanted.purpose, revision), revision);
  try {
    await update(context, state, { template, traffic }, `the revision ${revision}`);
  } catch (error) {
    context.signal.throwIfAborted();
    if ((error as { code?: string }).code !== 'function-failed') throw error;
    const explained = await withLog(context, revision, error as Error);
    await undo(context, state, revision);
    throw explained;
  }
}

/** How often the tag of a revision that did not start is taken away, while others change the service. */
const maxUndos = 3;

/** An entry for a revision that cannot start would have every later change of the service fail. */
async function undo(context: RunContext, state: RunState, revision: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await dropTags(context, state, new Set([revision]));
      return await removeOrLeave(context, state, revision);
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof MovedError) || tries === maxUndos) {
        context.log.warn(`The tag of ${revision}, which could not be started, stays: ${(error as Error).message}`);
        return;
      }
      state.service = await readService(context, state.name);
    }
  }
}

const madeOf = (context: RunContext, id: string, wanted: RunWanted): RunRevision => ({
  ...{ id, purpose: wanted.purpose, role: wanted.purpose === 'first' ? undefined : wanted.purpose },
  ...{ version: wanted.version, settingsSha256: wanted.settingsSha256, packageSha256: wanted.packageSha256 },
  ...{ until: wanted.until, createdAt: context.now(), reports: wanted.reports },
  ...{ failed: false, ready: true, warmInstances: 0, url: undefined },
});

/** Waits until Cloud Run has finished with a revision that an earlier run has begun. Returns whether it can be called. */
async function becomesReady(context: RunContext, { name }: RunState, { id, ready }: RunRevision): Promise<boolean> {
  if (ready) return true;
  const path = `${servicePath(context, name)}/revisions/${id}`;
  const requestContext = { permission: 'run.revisions.get', resource: path };
  const ended = await waitForRun(context, `the revision ${id} is not ready on Cloud Run`, async () => {
    const url = runUrl(context, path);
    const now = revisionOf(await context.calls.send<RevisionResource>({ method: 'GET', url }, requestContext));
    return now.ready ? now : undefined;
  });
  return !ended.failed;
}
