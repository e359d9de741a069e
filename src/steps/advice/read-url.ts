import type { SeenCopy } from '../../advice/rule.ts';
import type { Environment, ModelEntry } from '../../config/types.ts';
import { purgeCommand } from '../../iam/bucket/purge.ts';
import { bucketRef } from '../../iam/subject.ts';
import { manifestKey, pointerKey } from '../../model/layout.ts';
import { readPointer } from '../../registry/pointer/read-pointer.ts';
import { NotFoundError, readAll, type Store } from '../../stores/store.ts';
import type { Context } from '../verb.ts';

/** As long as a function waits for a first byte, ms. */
const patienceMs = 5000;
/** What of an answer says which caches it has passed. */
const traceNames = ['age', 'x-cache', 'via', 'x-azure-ref', 'cf-ray'] as const;

interface Place {
  store: Store;
  environment: Environment;
}

/**
 * Asks `store.read-url` for a file that is known, the manifest of what is live, as functions ask, and holds the answer
 * against the store. Undefined where there is no read-url. Throws only when the run is aborted.
 */
export async function lookThroughCdn(place: Place, entry: ModelEntry, context: Context): Promise<SeenCopy | undefined> {
  const { environment } = place;
  const { readUrl } = environment.store;
  if (readUrl === undefined) return undefined;
  const purge = purgeCommand(environment.store, readUrl, entry.name);
  const nothing = { key: '', traces: [], now: context.now(), purge };
  try {
    const known = await knownFile(place, entry);
    if (!known) return { ...nothing, why: `no version of ${entry.name} is published` };
    const seen = await ask(readUrl, known, context);
    const rest = seen.status === 200 ? await askBesides(place, entry, known.key, context) : {};
    return { ...nothing, key: known.key, ends: endOf(new URL(readUrl)), ...seen, ...rest };
  } catch (error) {
    context.signal.throwIfAborted();
    return { ...nothing, why: (error as Error).message.replace(/\.$/, '') };
  }
}

interface KnownFile {
  key: string;
  bytes: Uint8Array;
}

/** The manifest of what is live, else of what models.yaml names, as the store has it. */
async function knownFile({ store, environment }: Place, entry: ModelEntry): Promise<KnownFile | undefined> {
  const live = (await readPointer(store, entry.name, environment.pointer))?.pointer.version;
  const key = manifestKey(entry.name, live ?? entry.version);
  try {
    return { key, bytes: await readAll(await store.get(key)) };
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** Where a key stands below a URL, whose query it keeps. */
function below(url: string, key: string): URL {
  const found = new URL(url);
  found.pathname = `${found.pathname.replace(/\/+$/, '')}/${key.split('/').map(encodeURIComponent).join('/')}`;
  return found;
}

/** One read without credentials, which leads nowhere else. */
const get = (url: URL, { signal }: Context): Promise<Response> =>
  fetch(url, {
    headers: { 'accept-encoding': 'identity' },
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
  });

/** Whether anyone gets it there. */
async function isGiven(url: URL, context: Context): Promise<boolean> {
  const answer = await get(url, context);
  await answer.body?.cancel();
  return answer.status === 200;
}

async function ask(readUrl: string, { key, bytes }: KnownFile, context: Context): Promise<Partial<SeenCopy>> {
  const url = below(readUrl, key);
  try {
    // What keeps anything has it by the second time.
    await (await get(url, context)).arrayBuffer();
    const answer = await get(url, context);
    const body = Buffer.from(await answer.arrayBuffer());
    const header = (name: string) => answer.headers.get(name) ?? undefined;
    const encoding = header('content-encoding');
    return {
      status: answer.status,
      isSame: body.equals(bytes),
      type: header('content-type'),
      encoding: encoding === 'identity' ? undefined : encoding,
      keptFor: secondsOf(header('cache-control')),
      traces: traceNames.flatMap((name) => {
        const value = header(name)?.replace(/[^\x20-\x7e]/g, '');
        return value ? [`${name}: ${value.slice(0, 80)}`] : [];
      }),
    };
  } catch (error) {
    context.signal.throwIfAborted();
    const { cause, message, name } = error as Error & { cause?: { code?: string; message?: string } };
    const slow = name === 'TimeoutError' ? `nothing came in ${patienceMs / 1000} s` : undefined;
    return { unreached: slow ?? [cause?.code, cause?.message ?? message].filter(Boolean).join(', ').slice(0, 160) };
  }
}

/** For how long it may be kept by who is asked for it; undefined where the answer does not say. */
function secondsOf(control: string | undefined): number | undefined {
  if (control === undefined) return undefined;
  if (/no-store|no-cache|private/i.test(control)) return 0;
  const seconds = /s-maxage=(\d+)/i.exec(control) ?? /max-age=(\d+)/i.exec(control);
  return seconds ? Number(seconds[1]) : undefined;
}

/** What should not come: pointers, the same without its signature, and by the store itself without credentials. */
async function askBesides(
  { environment }: Place,
  entry: ModelEntry,
  key: string,
  context: Context,
): Promise<Partial<SeenCopy>> {
  const { readUrl = '' } = environment.store;
  const bare = new URL(readUrl);
  bare.search = '';
  const hasQuery = new URL(readUrl).search !== '';
  const origin = plainUrl(environment, context.env);
  const tried = async (url: URL) => isGiven(url, context).catch(() => undefined);
  return {
    givesPointer: await tried(below(readUrl, pointerKey(entry.name, environment.pointer))),
    ...(hasQuery && { givesUnsigned: await tried(below(bare.href, key)) }),
    ...(origin !== undefined && { isPublic: await tried(below(origin, key)) }),
  };
}

/** Where the objects of a store stand for who has no credentials; undefined where that is not known. */
function plainUrl({ store }: Environment, env: Context['env']): string | undefined {
  const { store: cloud, bucket, account, root } = bucketRef(store);
  const given = store.endpoint?.replace(/\/+$/, '');
  const path = `/${bucket}/${root}`;
  switch (cloud) {
    case 's3': {
      const server = given ?? (env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL'])?.replace(/\/+$/, '');
      if (server !== undefined) return server + path;
      if (store.region === undefined) return undefined;
      return `https://s3.${store.region}.amazonaws.com${store.region.startsWith('cn-') ? '.cn' : ''}${path}`;
    }
    case 'gcs':
      return (given ?? (env['STORAGE_EMULATOR_HOST'] || 'https://storage.googleapis.com')) + path;
    case 'azure':
      return (given ?? `https://${account}.blob.core.windows.net`) + path;
    default:
      return undefined;
  }
}

/** When the signature of CloudFront or Cloud CDN in a query ends: an `Expires`, or a policy with the moment in it. */
function endOf({ searchParams }: URL): Date | undefined {
  const policy = searchParams.get('Policy')?.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/');
  const inPolicy = policy && /"AWS:EpochTime":(\d+)/.exec(Buffer.from(policy, 'base64').toString('utf8'))?.[1];
  const seconds = Number(inPolicy || searchParams.get('Expires'));
  return Number.isSafeInteger(seconds) && seconds > 0 ? new Date(seconds * 1000) : undefined;
}
