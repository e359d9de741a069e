import { ColdgateError, exitCodes, InputError } from '../../errors.ts';
import { MovedError } from '../../rollout/platform.ts';
import type { LambdaContext } from './context.ts';
import { ownerTag } from './names.ts';
import { proofName, type WantedPlan } from './rest-api-wanted.ts';
import { askRest, goneRest, listRest } from './rest-calls.ts';

interface ApiKey {
  id: string;
  name: string;
  tags?: Record<string, string>;
}

type WantedKey = WantedPlan['keys'][number];

/** API keys of the function, without their values: those of others would come along. */
export async function listKeys(context: LambdaContext, name: string): Promise<ApiKey[]> {
  const all = await listRest<ApiKey>(context, '/apikeys?includeValues=false');
  return all.filter(({ tags }) => tags?.[ownerTag] === name);
}

/** The value of a key, masked. */
async function readValue(context: LambdaContext, id: string): Promise<string | undefined> {
  const { value } = await askRest<{ value?: string }>(context, 'GET', `/apikeys/${id}?includeValue=true`);
  mask(context, value);
  return value;
}

function mask({ log }: LambdaContext, value: string | undefined): void {
  if (value !== undefined && value !== '') log.mask(value);
}

/**
 * The value of a key that models.yaml takes from a variable, masked; undefined for one that AWS makes. Throws InputError
 * where the variable is not set, or holds what API Gateway does not take.
 */
export function keyValue(context: LambdaContext, { name, valueFrom }: WantedKey): string | undefined {
  if (valueFrom === undefined) return undefined;
  const value = context.env?.[valueFrom];
  mask(context, value);
  if (value !== undefined && /^[\x21-\x7e]{20,128}$/.test(value)) return value;
  const got = value === undefined || value === '' ? 'nothing' : 'something else';
  const message = `expected the variable ${valueFrom} to hold the key ${name}, 20 to 128 characters, got ${got}.`;
  const hint = `Set ${valueFrom} to the key, in a workflow under env: from a secret.`;
  throw new InputError([{ path: 'target.rest-api.plans', message, hint }], { code: 'bad-api-key' });
}

/** The key among those that are there: by its name, and by its value where models.yaml has that from a variable. */
export async function findKey(
  context: LambdaContext,
  there: readonly ApiKey[],
  key: WantedKey,
): Promise<ApiKey | undefined> {
  const value = keyValue(context, key);
  for (const one of there.filter(({ name }) => name === key.name)) {
    if (value === undefined || (await readValue(context, one.id)) === value) return one;
  }
  return undefined;
}

interface Keys {
  /** Puts each key into its plan, by the plan's id, out of the one that it was in. */
  join(plans: ReadonlyMap<string, string>): Promise<void>;
  /** Deletes keys of the function that are in no plan any more. */
  removeOthers(): Promise<void>;
}

/** Makes the keys that are missing. A value cannot be changed: another one is another key. */
export async function ensureKeys(
  context: LambdaContext,
  owner: string,
  plans: readonly WantedPlan[],
  tags: Record<string, string>,
): Promise<Keys> {
  const there = await listKeys(context, owner);
  const ids = new Map<string, string>();
  for (const key of plans.flatMap(({ keys }) => keys)) {
    const known = (await findKey(context, there, key)) ?? (await createKey(context, owner, key, tags));
    ids.set(key.name, known.id);
  }
  const named = new Set(ids.values());
  const known = new Set([...named, ...there.map(({ id }) => id)]);
  if (known.size > there.length) await removeRepeated(context, owner, known);
  return {
    join: async (planIds) => {
      const wanted = plans.map(({ name, keys }): [string, Set<string>] => [
        planIds.get(name) ?? '',
        new Set(keys.map((key) => ids.get(key.name) ?? '')),
      ]);
      await joinPlans(context, new Map(wanted), named);
    },
    removeOthers: async () => {
      for (const { id, name } of there.filter((one) => !named.has(one.id))) {
        context.log.info(`Removing the API key ${name} (${id}): who calls by it is turned away.`);
        await goneRest(context, `/apikeys/${id}`);
      }
    },
  };
}

/** Where the answer to a creation was lost, the key was made twice; nobody has the other one yet. */
async function removeRepeated(context: LambdaContext, owner: string, known: ReadonlySet<string>): Promise<void> {
  for (const { id } of await listKeys(context, owner)) if (!known.has(id)) await goneRest(context, `/apikeys/${id}`);
}

async function createKey(
  context: LambdaContext,
  owner: string,
  key: WantedKey,
  tags: Record<string, string>,
): Promise<ApiKey> {
  const value = keyValue(context, key);
  const json = { name: key.name, enabled: true, ...(value && { value }), tags: { ...tags, [ownerTag]: owner } };
  try {
    const made = await askRest<ApiKey & { value?: string }>(context, 'POST', '/apikeys', json);
    mask(context, made.value);
    if (key.name !== proofName(owner)) context.log.info(whereToFind(context, made, key));
    return made;
  } catch (error) {
    if (!(error instanceof MovedError) || value === undefined) throw error;
    // The answer to the call before may have been lost.
    const ours = await findKey(context, await listKeys(context, owner), key);
    if (ours) return ours;
    throw taken(key);
  }
}

function whereToFind({ settings }: LambdaContext, { id, name }: ApiKey, { valueFrom }: WantedKey): string {
  if (valueFrom !== undefined) return `Made the API key ${name} (${id}) of what ${valueFrom} holds.`;
  const command = `aws apigateway get-api-key --region ${settings.region} --api-key ${id} --include-value`;
  return `Made the API key ${name}. Its value: ${command}`;
}

const taken = ({ name, valueFrom }: WantedKey): ColdgateError =>
  new ColdgateError(
    'api-key-taken',
    exitCodes.usage,
    `Another API key of this account and region has the value that ${valueFrom} holds for ${name}.`,
    { hint: `Put another key into ${valueFrom}; no two keys may be equal.` },
  );

/** A key calls by one plan of a stage, so it leaves the one before first. Keys that others have put into a plan stay. */
async function joinPlans(
  context: LambdaContext,
  plans: ReadonlyMap<string, ReadonlySet<string>>,
  ours: ReadonlySet<string>,
): Promise<void> {
  const missing: [string, string][] = [];
  for (const [plan, wanted] of plans) {
    const there = await listRest<{ id: string }>(context, `/usageplans/${plan}/keys`);
    const known = there.map(({ id }) => id);
    for (const id of known) {
      if (ours.has(id) && !wanted.has(id)) await goneRest(context, `/usageplans/${plan}/keys/${id}`);
    }
    for (const id of wanted) if (!known.includes(id)) missing.push([plan, id]);
  }
  for (const [plan, keyId] of missing)
    await askRest(context, 'POST', `/usageplans/${plan}/keys`, { keyId, keyType: 'API_KEY' });
}

/** The value of the key by which releases are proven. */
export async function proofKey(context: LambdaContext, name: string): Promise<string | undefined> {
  const own = (await listKeys(context, name)).find((one) => one.name === proofName(name));
  return own && readValue(context, own.id);
}
