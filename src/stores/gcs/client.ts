import { Storage } from '@google-cloud/storage';
import type { StoreSettings } from '../../config/types.ts';
import { InputError, type Problem } from '../../errors.ts';
import { isPrivateLink } from '../connection.ts';
import { defaultLimits, type GcsContext, type GcsLimits } from './context.ts';
import { credentialsFault } from './credentials.ts';
import { BucketLocation } from './location.ts';

/**
 * What all operations of a store share. The endpoint comes from the settings or, as the SDK reads it, from
 * STORAGE_EMULATOR_HOST; credentials from the SDK's chain, but not for servers that are not Google's: an emulator needs
 * none, and another must not get them. Throws InputError for settings that the service cannot honour.
 */
export function contextOf(settings: StoreSettings, limits: Partial<GcsLimits> = {}): GcsContext {
  const place = new BucketLocation(settings.url);
  checkSettings(settings);
  const all = { ...defaultLimits, ...limits };
  const { endpoint: apiEndpoint } = settings;
  // Our requests need no project; without one, the SDK would ask another Google service for it.
  const projectId = 'none';
  const storage = new Storage(apiEndpoint === undefined ? { projectId } : { projectId, apiEndpoint });
  const endpoint = storage.apiEndpoint.replace(/\/+$/, '');
  if (!isPrivateLink(endpoint)) {
    const message = `expected https:// (http:// is for this machine alone), got ${endpoint}.`;
    throw new InputError([{ path: 'store.endpoint', message }]);
  }
  const isGoogle = new URL(endpoint).hostname.endsWith('.googleapis.com');
  return {
    place,
    endpoint,
    limits: all,
    kmsKey: settings.kmsKey,
    storage,
    authorize: isGoogle || all.logInAnyway ? () => headersOf(storage, place, all.credentialsMs) : async () => ({}),
    ahead: { free: all.parallel },
  };
}

async function headersOf(storage: Storage, place: BucketLocation, ms: number): Promise<Record<string, string>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return Object.fromEntries(await Promise.race([storage.authClient.getRequestHeaders(), late]));
  } catch (thrown) {
    throw credentialsFault(thrown, place.url);
  } finally {
    clearTimeout(timer);
  }
}

function checkSettings({ region, encryption, encryptionScope, kmsKey }: StoreSettings): void {
  const problems: Problem[] = [];
  const none = (path: string, value: unknown) => {
    if (value === undefined) return;
    problems.push({ path, message: 'Google Cloud Storage has no such setting.', hint: 'Remove it.' });
  };
  none('store.region', region);
  none('store.encryption', encryption);
  none('store.encryption-scope', encryptionScope);
  if (kmsKey !== undefined && !/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/.test(kmsKey)) {
    const message = `expected projects/P/locations/L/keyRings/R/cryptoKeys/K, got ${JSON.stringify(kmsKey)}.`;
    problems.push({ path: 'store.kms-key', message });
  }
  if (problems.length > 0) throw new InputError(problems);
}
