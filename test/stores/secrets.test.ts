import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/stores/open.ts';
import { lacksPrograms } from '../emulators/commands.ts';
import { describePart, describeWith, type ServerName, useServer } from '../emulators/servers.ts';
import { dist, runNode, testCache } from '../fakes/processes/runner.ts';
import { cloudEnvironment, cloudStore } from '../fakes/registry/cloud.ts';
import { newCertificate } from '../fakes/stores/certificate.ts';
import { leaksIn } from '../fakes/stores/leaks.ts';
import { ScriptedServer } from '../fakes/stores/script-server.ts';
import { Project } from '../fixtures/project.ts';

/** Every verb that talks to a store; without functions some of them fail, and what is said then counts as well. */
const verbs = ['doctor', 'publish', 'verify', 'promote', 'status', 'history', 'rollback', 'prune'];
const few = ['publish'];

const project = new Project();
afterAll(() => project.remove());
let server: ScriptedServer | undefined;
afterEach(() => server?.close());

function useStore({ url, endpoint }: { url: string; endpoint?: string | undefined }): void {
  project.release({});
  const path = project.path('models.yaml');
  const store = `store: { url: "${url}", endpoint: "${endpoint}" }`;
  writeFileSync(path, readFileSync(path, 'utf8').replace('store: "file:store"', store));
}

const source = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const asStep = `await (await import(${JSON.stringify(source('src/action.ts'))})).runAction('publish', ${JSON.stringify(dist)})`;

/** Runs the verbs in a terminal with all that they have to say, and one as a step of a workflow; returns what came. */
async function everythingSaid(login: Record<string, string>, chosen: readonly string[]): Promise<string> {
  const files = ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY', 'GITHUB_STATE', 'GITHUB_ENV'].map((name) => [
    name,
    project.path(name),
  ]);
  for (const [, path] of files) writeFileSync(path!, '');
  const env = { ...login, COLDGATE_CACHE: testCache };
  const run = async (args: string[], more = {}): Promise<string> => {
    const { exit, stdout, stderr } = await runNode(args, project.folder, { ...env, ...more });
    expect(`${stdout}${stderr}`, `${args} ended with ${exit}`).not.toBe('');
    return stdout + stderr;
  };
  const printed: string[] = [];
  for (const verb of chosen)
    printed.push(await run([source('test/fakes/processes/source-cli.ts'), verb, '--verbose', '--json']));
  const runner = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: project.folder, RUNNER_TEMP: project.folder };
  const variables = { ...runner, ...Object.fromEntries(files), RUNNER_DEBUG: '1' };
  printed.push(await run(['--input-type=module', '-e', asStep], variables));
  return [...printed, ...files.map(([, path]) => readFileSync(path!, 'utf8'))].join('\n');
}

/** A server of the worst manners: what it was sent, the signatures and tokens in the headers, is its answer. */
async function echoing(status: number, tls?: { key: string; cert: string }): Promise<string> {
  server = new ScriptedServer(
    {
      actionOf: (method) => method,
      usual: (_action, { path, query, headers }) => {
        const echo = `${path}?${query} ${JSON.stringify(headers)}`.replace(/[<&]/g, ' ');
        const body = `<?xml version="1.0"?><Error><Code>Odd</Code><Message>${echo}</Message><Token-0>${headers['x-amz-security-token']}</Token-0></Error>`;
        return { status, headers: { 'content-type': 'application/xml' }, body };
      },
    },
    tls,
  );
  return (await server.start()).endpoint;
}

describe('the look for secrets', () => {
  const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCY';

  it.each([secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')])('finds one as %s', (form) => {
    expect(leaksIn(`GET /?x=${form}&y failed`, { key: secret, other: 'not in there' })).toEqual(['key']);
  });

  it('finds the half of a long one, and nothing where nothing is', () => {
    const long = randomBytes(64).toString('base64');
    expect(leaksIn(`signed with ${long.slice(0, 50)}…`, { long })).toEqual(['long']);
    expect(leaksIn('signed with something else', { long })).toEqual([]);
  });

  it('finds one that a process of the suite was made to print', async () => {
    const leak = 'console.error("signing with " + process.env.AWS_SECRET_ACCESS_KEY)';
    const leaking = runNode(['-e', leak], project.folder, { AWS_SECRET_ACCESS_KEY: secret });
    await expect(leaking).rejects.toThrow('printed the value of AWS_SECRET_ACCESS_KEY');
  });
});

/** What opens the stores of the test-bed. */
async function secretsOf(name: ServerName): Promise<Record<string, string>> {
  const { env } = await useServer(name);
  const key = /AccountKey=([^;]+)/.exec(env['AZURE_STORAGE_CONNECTION_STRING'] ?? '')?.[1];
  const secrets = { 'account key': key, 'secret key': env['AWS_SECRET_ACCESS_KEY'] };
  return Object.fromEntries(Object.entries(secrets).flatMap(([what, text]) => (text ? [[what, text]] : [])));
}

for (const name of ['radosgw', 'azurite'] as const) {
  describeWith(name, `what is said of a store on ${name}`, () => {
    cloudEnvironment(name);

    it('holds no secret while all goes well', async () => {
      useStore(await cloudStore(name));
      const secrets = await secretsOf(name);
      expect(Object.keys(secrets)).toHaveLength(1);
      const printed = await everythingSaid({}, verbs);
      expect(printed).toContain('"published": true');
      expect(leaksIn(printed, secrets)).toEqual([]);
    });
  });
}

const s3 = {
  AWS_ACCESS_KEY_ID: 'AKIDOFTHETESTS',
  AWS_SECRET_ACCESS_KEY: `secret${randomBytes(20).toString('base64')}`,
  AWS_SESSION_TOKEN: `session${randomBytes(60).toString('base64')}`,
  AWS_REGION: 'us-east-1',
};
const accountKey = randomBytes(64).toString('base64');
const signature = randomBytes(32).toString('base64');
const blobs = 'BlobEndpoint=https://accountofours.blob.core.windows.net/';
/** Credentials of each cloud that open nothing: what their server gets to see, it tells to all. */
const logins: [name: string, url: string, env: Record<string, string>, secrets: Record<string, string>][] = [
  ['S3', 's3://bucket/models', s3, { secret: s3.AWS_SECRET_ACCESS_KEY, session: s3.AWS_SESSION_TOKEN }],
  [
    'Azure with a key',
    'azure://accountofours/container/models',
    {
      AZURE_STORAGE_CONNECTION_STRING: `DefaultEndpointsProtocol=https;AccountName=accountofours;AccountKey=${accountKey};EndpointSuffix=core.windows.net`,
    },
    { accountKey },
  ],
  [
    'Azure with a signature',
    'azure://accountofours/container/models',
    {
      AZURE_STORAGE_CONNECTION_STRING: `${blobs};SharedAccessSignature=sv=2024-01-01&sig=${encodeURIComponent(signature)}`,
    },
    { signature },
  ],
];

describe.each(logins)('what is said of a store on %s that fails', (_name, url, env, secrets) => {
  it.each([500, 403])('holds no secret when its server answers %d with all that it was sent', async (status) => {
    useStore({ url, endpoint: await echoing(status) });
    const printed = await everythingSaid(env, few);
    expect(server?.received.length).toBeGreaterThan(0);
    expect(leaksIn(printed, secrets)).toEqual([]);
    expect(printed).not.toMatch(/signature=[0-9a-f]{64}/i);
  });

  it('holds no secret when there is no such server', async () => {
    useStore({ url, endpoint: 'http://127.0.0.1:9' });
    expect(leaksIn(await everythingSaid(env, few), secrets)).toEqual([]);
  });

  it('keeps them out of errors of the library, however deep one looks', async () => {
    const endpoint = await echoing(403);
    const child = `
      const { openStore } = await import(${JSON.stringify(new URL('../../src/stores/open.ts', import.meta.url).href)});
      const { inspect } = await import('node:util');
      const store = await openStore(${JSON.stringify({ url, endpoint })});
      for (const work of [() => store.head('a'), () => store.put('a', Buffer.from('1'), 'absent'), () => store.get('a')])
        console.log(await work().then(String, (thrown) => inspect(thrown, { depth: 12, showHidden: true }) + thrown.stack));`;
    const { stdout } = await runNode(['--input-type=module', '-e', child], project.folder, env);
    expect(stdout).toMatch(/denied|unavailable|refused/);
    expect(leaksIn(stdout, secrets)).toEqual([]);
  });
});

describePart('openssl', lacksPrograms('openssl'), 'what is said of a server that nobody vouches for', () => {
  it.each(logins)('holds no secret of %s', async (_name, url, env, secrets) => {
    useStore({ url, endpoint: await echoing(403, newCertificate()) });
    const printed = await everythingSaid(env, few);
    expect(printed).toMatch(/certificate/i);
    expect(leaksIn(printed, secrets)).toEqual([]);
  });
});

describeWith('radosgw', 'credentials that the server refuses', () => {
  cloudEnvironment('radosgw');
  it('are not said', async () => {
    const settings = await cloudStore('radosgw');
    useStore(settings);
    const link = (await (await openStore(settings)).signedUrl('a', 60)).url;
    const printed = await everythingSaid({ AWS_SECRET_ACCESS_KEY: s3.AWS_SECRET_ACCESS_KEY }, few);
    expect(printed).toContain('denied');
    expect(leaksIn(printed, { secret: s3.AWS_SECRET_ACCESS_KEY })).toEqual([]);
    expect(leaksIn(link, { secret: s3.AWS_SECRET_ACCESS_KEY, ...(await secretsOf('radosgw')) })).toEqual([]);
  });
});
