import type { AzureFailure } from '../../azure/failure.ts';
import type { Reason } from '../../azure/patience.ts';
import { type FlexContext, sitePath, web } from './context.ts';

/** A host key of our own: it opens the functions and nothing of `/admin`, as the master key would. */
const keyName = 'coldgate';

/** The key by which this run calls an app, read once and masked; undefined where anyone may call. */
export async function keyOf(context: FlexContext, site: string): Promise<string | undefined> {
  if (context.settings.auth === 'anonymous') return undefined;
  const key = context.keys.get(site) ?? readKey(context, site);
  context.keys.set(site, key);
  try {
    return await key;
  } catch (error) {
    context.keys.delete(site);
    throw error;
  }
}

/** Keys are the host's to give, which is not up yet in a new app. */
const isStarting = ({ status, message }: AzureFailure): Reason | undefined =>
  status === 404 || (status === 400 && /host runtime/i.test(message)) ? 'identity' : undefined;

/** The key is made where there is none: in an app that was never called by us. */
async function readKey(context: FlexContext, site: string): Promise<string> {
  const { arm } = context;
  const path = `${sitePath(context, site)}/host/default`;
  const options = { apiVersion: web, also: isStarting };
  const { body } = await arm.send<{ functionKeys?: Record<string, string> | null }>(
    'POST',
    `${path}/listkeys`,
    options,
  );
  const known = body.functionKeys?.[keyName];
  if (known !== undefined) return masked(context, known);
  const made = await arm.send<{ properties?: { value?: string }; value?: string }>(
    'PUT',
    `${path}/functionKeys/${keyName}`,
    { ...options, body: { properties: { name: keyName } } },
  );
  const value = made.body.properties?.value ?? made.body.value;
  if (value === undefined) throw new Error(`Azure has made no key ${keyName} of ${site}`);
  return masked(context, value);
}

function masked({ log }: FlexContext, key: string): string {
  log.mask(key);
  return key;
}
