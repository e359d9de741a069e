import { afterEach, beforeEach, vi } from 'vitest';
import { type Answer, type Protocol, ScriptedServer } from './script-server.ts';

/** What the SDK's chain finds in each test of this file and in the processes it starts: nothing of the machine. */
export function googleEnvironment(variables: Record<string, string | undefined> = {}): void {
  const nothing = {
    STORAGE_EMULATOR_HOST: undefined,
    GOOGLE_APPLICATION_CREDENTIALS: undefined,
    GOOGLE_CLOUD_PROJECT: undefined,
    GCLOUD_PROJECT: undefined,
    CLOUDSDK_CONFIG: '/dev/null',
    HOME: '/dev/null',
    METADATA_SERVER_DETECTION: 'none',
  };
  beforeEach(() => {
    for (const [name, value] of Object.entries({ ...nothing, ...variables })) vi.stubEnv(name, value);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });
}

/** An error as the JSON API words it. */
export const gcsError = (status: number, reason: string, message = 'words of Google'): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error: { code: status, message, errors: [{ message, domain: 'global', reason }] } }),
});

export const json = (value: object, headers: Record<string, string> = {}): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(value),
});

export const updated = '2026-11-24T08:00:00.000Z';

/** What describes an object whose bytes an answer brings. */
export const describedMedia = (size: number, generation = '7') => ({
  'x-goog-generation': generation,
  'x-goog-stored-content-length': String(size),
  'content-length': String(size),
  'last-modified': new Date(updated).toUTCString(),
});

/** The session's answer that it has so many bytes. */
export const holding = (bytes: number): Answer => ({
  status: 308,
  headers: bytes === 0 ? {} : { range: `bytes=0-${bytes - 1}` },
});

function actionOf(method: string, url: URL): string {
  const { searchParams: query, pathname } = url;
  if (query.get('uploadType') === 'multipart') return 'insert';
  if (query.has('session')) return method === 'DELETE' ? 'abandon' : 'piece';
  if (query.get('uploadType') === 'resumable') return 'begin';
  if (pathname.includes('/rewriteTo/')) return 'rewrite';
  if (pathname.endsWith('/o')) return 'list';
  if (query.get('alt') === 'media') return 'media';
  return method === 'DELETE' ? 'delete' : 'describe';
}

const written = json({ generation: '8' });

/** Just enough of Google's JSON API. */
export const gsProtocol: Protocol = {
  actionOf(method, url, headers) {
    const action = actionOf(method, url);
    return action === 'piece' && /^bytes \*/.test(headers['content-range'] ?? '') ? 'ask' : action;
  },

  usual(action, { headers }) {
    if (action === 'begin')
      return { status: 200, headers: { location: `http://${headers.host}/upload?session=secret-of-the-session` } };
    if (action === 'piece') {
      const [, end = '0', total] = /-(\d+)\/(\*|\d+)$/.exec(headers['content-range'] ?? '') ?? [];
      return total === '*' ? holding(Number(end) + 1) : written;
    }
    if (action === 'ask') return holding(0);
    if (action === 'insert') return written;
    if (action === 'rewrite') return json({ done: true, resource: { generation: '8' } });
    if (action === 'list') return json({});
    if (action === 'abandon') return { status: 499 };
    if (action === 'delete') return { status: 204 };
    return gcsError(404, 'notFound', 'No such object: bucket/name');
  },
};

export const scriptedGcs = (): Promise<ScriptedServer> => new ScriptedServer(gsProtocol).start();
