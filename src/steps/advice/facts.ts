import { stat } from 'node:fs/promises';
import type { Facts, Located, Wishes } from '../../advice/rule.ts';
import type { Config, Environment, ModelEntry } from '../../config/types.ts';
import type { GateRecord } from '../../gate/record/record.ts';
import { readPointer } from '../../registry/pointer/read-pointer.ts';
import { functionSettings } from '../function-settings.ts';
import { gateRecords } from '../release/record-store.ts';
import { checkCapacity } from '../source/capacity.ts';
import { completeEntry } from '../source/external-data.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';
import { locateAccount } from './azure-account.ts';
import { measuredOf } from './measured.ts';
import { lookThroughCdn } from './read-url.ts';

/** Files of the model on this machine that a start loads; undefined where they are not there. */
async function bytesHere(config: Config, entry: ModelEntry): Promise<number | undefined> {
  const { files } = await completeEntry(config, entry);
  const known = new Set(entry.files.map(({ path }) => path));
  const loaded = files.filter(({ path }) => path === entry.model || !known.has(path));
  try {
    const sizes = await Promise.all(loaded.map(({ source }) => stat(source)));
    return sizes.reduce((sum, { size }) => sum + size, 0);
  } catch {
    return undefined;
  }
}

/** What models.yaml and the files say, without a store and without an account. */
export async function factsHere(
  config: Config,
  environment: Environment,
  entry: ModelEntry,
  wishes: Wishes = {},
): Promise<Facts> {
  const bytes = await bytesHere(config, entry);
  const alone: Config = { ...config, environments: { [environment.name]: environment } };
  const shared = Object.values(config.models).filter(
    (model) => (model.target ?? environment.target) === environment.target,
  );
  return {
    environment,
    entry,
    target: entry.target ?? environment.target,
    targetPath: entry.target ? `models.${entry.name}.target` : `environments.${environment.name}.target`,
    functions: entry.target ? 1 : new Set(shared.map(({ handler }) => [...handler.models].sort().join())).size,
    isProduction: environment.name.startsWith('prod'),
    bytes,
    measured: undefined,
    located: undefined,
    capacity: bytes === undefined ? [] : checkCapacity(alone, entry, bytes).notes,
    wishes,
  };
}

/** The measurement of what is live, else of what models.yaml names. */
async function recordOf(ws: Workspace, entry: ModelEntry, { log }: Context): Promise<GateRecord | undefined> {
  const { store, environment } = ws;
  const { key } = await ws.targetOf(entry);
  const live = (await readPointer(store, entry.name, environment.pointer))?.pointer.version;
  for (const version of new Set([live ?? entry.version, entry.version])) {
    const record = await gateRecords(store, entry.name, key, version, log).read();
    if (record) return record;
  }
  return undefined;
}

/** What the account says of gateway and image; undefined where there are none, or no one may ask. */
async function lookAround(ws: Workspace, entry: ModelEntry, context: Context): Promise<Facts['around']> {
  try {
    const target = await ws.targetOf(entry);
    return await target.around?.(functionSettings(ws.environment, entry));
  } catch (error) {
    context.signal.throwIfAborted();
    return { problems: [(error as Error).message.replace(/\.$/, '')] };
  }
}

/** The same with what store and account say. What they do not say is said to be unknown, with a warning. */
export async function factsThere(
  ws: Workspace,
  entry: ModelEntry,
  located: Located | undefined,
  wishes: Wishes,
  context: Context,
): Promise<Facts> {
  const here = await factsHere(ws.config, ws.environment, entry, wishes);
  const facts = {
    ...here,
    copy: await lookThroughCdn(ws, entry, context),
    around: await lookAround(ws, entry, context),
  };
  try {
    return { ...facts, located, measured: measuredOf(await recordOf(ws, entry, context)) };
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.warn(`Measurements of ${entry.name} cannot be read: ${(error as Error).message}`);
    return { ...facts, located };
  }
}

/** Where the store is. Undefined where no one would say: a folder. */
export async function locateStore({ store, environment }: Workspace, context: Context): Promise<Located | undefined> {
  if (!store.locate) return undefined;
  try {
    const account = await locateAccount(environment, context);
    if (account) return account;
    const region = await store.locate();
    return region === undefined ? { why: 'its server does not say' } : { region };
  } catch (error) {
    context.signal.throwIfAborted();
    return { why: (error as Error).message.replace(/\.$/, '') };
  }
}
