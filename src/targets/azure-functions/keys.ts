import type { AzureFailure } from '../../azure/failure.ts';
import type { Reason } from '../../azure/retry-call.ts';
import { type FlexContext, sitePath, web } from './context.ts';
import { isSlot } from './names.ts';

/** A host key of our own: it opens the functions and nothing of `/admin`, as the master key would. */
const keyName = 'coldgate';

/** The gateway's own, which may be renewed for itself. */
const gatewayKeyName = 'apim';

/** Event Grid's own. */
const uploadKeyName = 'uploads';

/** The key by which this run calls an app, read once and masked; undefined where anyone may call. */
export const keyOf = async (context: FlexContext, site: string): Promise<string | undefined> =>
  context.settings.auth === 'anonymous' ? undefined : once(context, site, keyName);

/** The key by which API Management calls an app. */
export const gatewayKeyOf = (context: FlexContext, site: string): Promise<string> =>
  once(context, site, gatewayKeyName);

/** The key by which Event Grid tells an app of uploads, also as it stands in an address. */
export async function uploadKeyOf(context: FlexContext, site: string): Promise<string> {
  const key = await once(context, site, uploadKeyName);
  context.log.mask(encodeURIComponent(key));
  return key;
}

/** An app that is gone has no keys. */
export function forgetKeys({ keys }: FlexContext, site: string): void {
  for (const name of [keyName, gatewayKeyName, uploadKeyName]) keys.delete(place(site, name));
}

const place = (site: string, name: string): string => (name === keyName ? site : `${site} ${name}`);

async function once(context: FlexContext, site: string, name: string): Promise<string> {
  const at = place(site, name);
  const key = context.keys.get(at) ?? readKey(context, site, name);
  context.keys.set(at, key);
  try {
    return await key;
  } catch (error) {
    context.keys.delete(at);
    throw error;
  }
}

/** Keys are the host's to give, which is not up yet in a new app. */
const isStarting = ({ status, message }: AzureFailure): Reason | undefined =>
  status === 404 || (status === 400 && /host runtime/i.test(message)) ? 'identity' : undefined;

/** The key is made where there is none: in an app that was never called by us. */
async function readKey(context: FlexContext, site: string, name: string): Promise<string> {
  const { arm } = context;
  const path = `${sitePath(context, site)}/host/default`;
  const options = { apiVersion: web, also: isStarting };
  const { body } = await arm.send<{ functionKeys?: Record<string, string> | null }>(
    'POST',
    `${path}/listkeys`,
    options,
  );
  // No call makes a key of a slot, which this run alone calls: every host has this one.
  const known = body.functionKeys?.[isSlot(site) ? 'default' : name];
  if (known !== undefined) return masked(context, known);
  const made = await arm.send<{ properties?: { value?: string }; value?: string }>(
    'PUT',
    `${path}/functionKeys/${name}`,
    { ...options, body: { properties: { name } } },
  );
  const value = made.body.properties?.value ?? made.body.value;
  if (value === undefined) throw new Error(`Azure has made no key ${name} of ${site}`);
  return masked(context, value);
}

function masked({ log }: FlexContext, key: string): string {
  log.mask(key);
  return key;
}
