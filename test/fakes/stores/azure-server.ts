import { afterEach, beforeEach, vi } from 'vitest';
import { type Answer, type Protocol, ScriptedServer } from './script-server.ts';

export const account = 'testaccount';
/** A key that opens nothing, and recognisable in any text it should not be in. */
export const accountKey = Buffer.from('secret-of-the-tests-in-sixty-four-bytes-as-azure-has-them-.....').toString(
  'base64',
);

/** What the driver finds in each test of this file and in the processes it starts: nothing of the machine. */
export function azureEnvironment(variables: Record<string, string | undefined> = {}): void {
  const nothing = {
    AZURE_STORAGE_CONNECTION_STRING: `DefaultEndpointsProtocol=https;AccountName=${account};AccountKey=${accountKey};EndpointSuffix=core.windows.net`,
    AZURE_CLIENT_ID: undefined,
    AZURE_CLIENT_SECRET: undefined,
    AZURE_TENANT_ID: undefined,
    AZURE_FEDERATED_TOKEN_FILE: undefined,
    AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential',
  };
  beforeEach(() => {
    for (const [name, value] of Object.entries({ ...nothing, ...variables })) vi.stubEnv(name, value);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });
}

/** An error as Azure words it; answers to HEAD have the code in a header alone. */
export const azureError = (status: number, code: string, message = 'words of Azure'): Answer => ({
  status,
  headers: { 'content-type': 'application/xml', 'x-ms-error-code': code, 'x-ms-request-id': 'REQ1' },
  body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}\nRequestId:REQ1\nTime:2026-11-24T08:00:00Z</Message></Error>`,
});

const modified = 'Tue, 24 Nov 2026 08:00:00 GMT';

/** What describes a blob of so many bytes. */
export const describedBlob = (size: number, etag = '"0x7"') => ({
  etag,
  'content-length': String(size),
  'last-modified': modified,
  'x-ms-blob-type': 'BlockBlob',
});

/** The answer to a write that was done. */
export const wrote = (etag = '"0x8"'): Answer => ({ status: 201, headers: { etag, 'last-modified': modified } });

export interface ListedBlob {
  name: string;
  etag?: string;
  size?: number;
  metadata?: string;
}

export const listed = (blobs: ListedBlob[], next = ''): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://x/" ContainerName="c"><Blobs>${blobs
    .map(
      ({ name, etag = '0x7', size = 3, metadata = '' }) =>
        `<Blob><Name>${name}</Name><Properties><Last-Modified>${modified}</Last-Modified><Etag>${etag}</Etag><Content-Length>${size}</Content-Length><BlobType>BlockBlob</BlobType></Properties><Metadata>${metadata}</Metadata></Blob>`,
    )
    .join('')}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`,
});

/** Just enough of the Blob service. */
export const azureProtocol: Protocol = {
  actionOf(method, { searchParams: query }, headers) {
    const part = query.get('comp');
    if (part === 'list') return 'list';
    if (part === 'userdelegationkey') return 'delegate';
    if (part === 'block') return headers['x-ms-copy-source'] === undefined ? 'stage' : 'stageFrom';
    if (part === 'blocklist') return 'commit';
    return { PUT: 'put', HEAD: 'head', DELETE: 'delete' }[method] ?? 'get';
  },

  usual(action) {
    if (action === 'put' || action === 'commit') return wrote();
    if (action === 'stage' || action === 'stageFrom') return { status: 201 };
    if (action === 'delete') return { status: 202 };
    if (action === 'list') return listed([]);
    return azureError(404, 'BlobNotFound');
  },
};

export const scriptedAzure = (): Promise<ScriptedServer> => new ScriptedServer(azureProtocol).start();
