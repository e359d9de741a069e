import {
  DeleteProvisionedConcurrencyConfigCommand,
  GetProvisionedConcurrencyConfigCommand,
  ListProvisionedConcurrencyConfigsCommand,
  type ProvisionedConcurrencyConfigListItem,
  PutProvisionedConcurrencyConfigCommand,
} from '@aws-sdk/client-lambda';
import { UnprovenError } from '../../errors.ts';
import { gone } from './address.ts';
import type { LambdaContext } from './context.ts';
import { setTags } from './function-settings.ts';
import { qualifierOf, versionOf } from './observe.ts';
import { waitForLambda } from './ready.ts';
import { dropScaling, instanceBounds, scaledVersion } from './scaling.ts';
import type { FunctionState } from './state.ts';

/** Tag on a function of which a version has, or may have, instances kept warm, so that others need not be checked. */
const provisionedTag = 'coldgate:provisioned';

/** Whether provisioned concurrency is asked for, or was. */
const concerns = ({ settings }: LambdaContext, state: FunctionState): boolean =>
  settings.provisionedConcurrency > 0 || state.tags[provisionedTag] === 'yes';

/** By version number, read once a look; those on aliases are unmanaged (docs/facts.md P17). */
async function provisionedOf(
  context: LambdaContext,
  state: FunctionState,
): Promise<Map<string, ProvisionedConcurrencyConfigListItem>> {
  state.provisioned ??= await listProvisioned(context, state);
  return state.provisioned;
}

async function listProvisioned(
  context: LambdaContext,
  { name }: FunctionState,
): Promise<Map<string, ProvisionedConcurrencyConfigListItem>> {
  const all: ProvisionedConcurrencyConfigListItem[] = [];
  let Marker: string | undefined;
  do {
    const page = await context.calls.send(
      new ListProvisionedConcurrencyConfigsCommand({ FunctionName: name, ...(Marker !== undefined && { Marker }) }),
    );
    all.push(...(page.ProvisionedConcurrencyConfigs ?? []));
    Marker = page.NextMarker;
  } while (Marker);
  return new Map(all.map((one) => [qualifierOf(one.FunctionArn), one]));
}

/**
 * Keeps the configured number of instances of the version warm, and waits until they are: the alias moves to a version
 * that is ready. Where they are scaled, any number within the bounds will do, and a new version begins with as many as
 * the live one has now. Returns whether that had to be changed. Throws UnprovenError `provisioning-failed` with
 * Lambda's reason; a version that no alias names then has none.
 */
export async function ensureProvisioned(
  context: LambdaContext,
  state: FunctionState,
  number: string,
): Promise<boolean> {
  const dropped = await dropScaling(context, state);
  if (context.settings.provisionedConcurrency === 0) return dropped;
  const there = await provisionedOf(context, state);
  const known = there.get(number);
  const isRequested = known?.Status !== 'FAILED' && isEnough(context, state, number, known);
  if (isRequested && (known?.Status ?? 'READY') === 'READY') return dropped;
  const wanted = isRequested ? requestedOf(known) : startingWith(context, state, there);
  if (!isRequested) {
    await setTags(context, state, { [provisionedTag]: 'yes' });
    context.log.info(`Keeping ${wanted} instances of ${state.name}:${number} warm.`);
    const place = { FunctionName: state.name, Qualifier: number };
    await context.calls.send(
      new PutProvisionedConcurrencyConfigCommand({ ...place, ProvisionedConcurrentExecutions: wanted }),
    );
  }
  await waitUntilWarm(context, state, number);
  there.set(number, { RequestedProvisionedConcurrentExecutions: wanted, Status: 'READY' });
  return !isRequested || dropped;
}

type Item = ProvisionedConcurrencyConfigListItem;
const requestedOf = (item: Item | undefined): number => item?.RequestedProvisionedConcurrentExecutions ?? 0;

/** A version that is scaled may have none by its schedule; any other one has to have some. */
function isEnough(context: LambdaContext, state: FunctionState, number: string, known: Item | undefined): boolean {
  const { least, most } = instanceBounds(context);
  const now = requestedOf(known);
  return now >= least && now <= most && (known !== undefined || scaledVersion(state) === number);
}

function startingWith(context: LambdaContext, state: FunctionState, there: ReadonlyMap<string, Item>): number {
  const { provisionedConcurrency, provisionedScaling, alias } = context.settings;
  const live = requestedOf(there.get(versionOf(state, alias)?.id ?? ''));
  return Math.min(Math.max(provisionedConcurrency, live), provisionedScaling?.maximum ?? provisionedConcurrency);
}

async function waitUntilWarm(context: LambdaContext, state: FunctionState, number: string): Promise<void> {
  const place = { FunctionName: state.name, Qualifier: number };
  const what = `the provisioned instances of ${state.name}:${number} are not ready`;
  await waitForLambda(context, what, async () => {
    const { Status, StatusReason } = await context.calls.send(new GetProvisionedConcurrencyConfigCommand(place));
    if (Status !== 'FAILED') return Status === 'READY' ? true : undefined;
    if (versionOf(state, context.settings.alias)?.id !== number) await release(context, state, number);
    const reason = StatusReason ?? 'it gives no reason';
    throw new UnprovenError('provisioning-failed', `Lambda could not keep ${state.name}:${number} warm: ${reason}.`, {
      hint: 'Lower target.provisioned-concurrency or other reservations, ask for a higher account limit, or look whether the function fails at its start.',
      data: { reason },
    });
  });
}

const release = (context: LambdaContext, { name }: FunctionState, Qualifier: string): Promise<void> =>
  gone(context.calls.send(new DeleteProvisionedConcurrencyConfigCommand({ FunctionName: name, Qualifier })));

/** Releases instances kept warm for our versions other than this one: they are billed as long as they are kept. */
export async function releaseOthers(context: LambdaContext, state: FunctionState, number: string): Promise<boolean> {
  if (!concerns(context, state)) return false;
  const keeps = context.settings.provisionedConcurrency > 0;
  const own = new Set(state.versions.flatMap((version) => (version.role ? [version.id] : [])));
  const surplus = [...(await provisionedOf(context, state)).keys()].filter(
    (one) => own.has(one) && !(keeps && one === number),
  );
  for (const one of surplus) await release(context, state, one);
  return keeps ? surplus.length > 0 : setTags(context, state, { [provisionedTag]: 'no' });
}
