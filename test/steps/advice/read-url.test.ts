import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SeenCopy } from '../../../src/advice/rule.ts';
import type { Environment, ModelEntry } from '../../../src/config/types.ts';
import { manifestKey } from '../../../src/model/layout.ts';
import { lookThroughCdn } from '../../../src/steps/advice/read-url.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import { contextIn } from '../../gate/context.ts';

const manifest = Buffer.from('{"schema":1,"version":"1.0.0"}');
const path = '/models/digits/versions/1.0.0/manifest.json';
const year = { 'cache-control': 'public, max-age=31536000, immutable' };

type Respond = (request: IncomingMessage, response: ServerResponse) => unknown;
/** As a CDN does: versions alone, kept for a year. */
const right: Respond = ({ url }, response) =>
  url?.startsWith('/models/digits/versions/')
    ? response.writeHead(200, { ...year, age: '3' }).end(manifest)
    : response.writeHead(403).end();

let respond: Respond;
let asked: IncomingMessage[] = [];
let server: Server;
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request);
    respond(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());
beforeEach(() => {
  respond = right;
  asked = [];
});
const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** What is seen of a store whose manifest is published, through the server and what it says as the store itself. */
async function look(query = '', { readUrl = `${origin()}/models${query}`, empty = false } = {}): Promise<SeenCopy> {
  const store = openMemoryStore();
  if (!empty) await store.put(manifestKey('digits', '1.0.0'), manifest, 'absent');
  const settings = { url: 's3://acme/models', region: 'eu-west-1', endpoint: origin(), readUrl };
  const environment = { name: 'production', store: settings, pointer: 'current.json' } as unknown as Environment;
  const entry = { name: 'digits', version: '1.0.0' } as ModelEntry;
  const seen = await lookThroughCdn({ store, environment }, entry, contextIn(process.cwd()));
  return seen!;
}

describe('what is seen through read-url', () => {
  it('is asked for as a function asks, twice, and held against the store', async () => {
    expect(await look()).toMatchObject({ status: 200, isSame: true, keptFor: 31_536_000, traces: ['age: 3'] });
    const [first, second, ...besides] = asked;
    expect([first?.url, second?.url]).toEqual([path, path]);
    for (const { headers } of [first!, second!]) {
      expect(headers).toMatchObject({ 'accept-encoding': 'identity' });
      expect(headers).not.toHaveProperty('authorization');
    }
    expect(besides.map(({ url }) => url)).toEqual(['/models/digits/current.json', `/acme${path}`]);
  });

  it.each<[string, Respond, Partial<SeenCopy>]>([
    ['other bytes', (_, to) => to.writeHead(200, year).end('{}'), { isSame: false }],
    [
      'a page',
      (_, to) => to.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      { isSame: false, type: 'text/html' },
    ],
    [
      'a refusal',
      (_, to) => to.writeHead(403, { 'x-cache': 'Error from cloudfront' }).end(),
      { status: 403, traces: ['x-cache: Error from cloudfront'] },
    ],
    ['a redirect', (_, to) => to.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), { status: 302 }],
    [
      'nothing to keep',
      (_, to) => to.writeHead(200, { 'cache-control': 'no-store' }).end(manifest),
      { isSame: true, keptFor: 0 },
    ],
    ['no word of keeping', (_, to) => to.writeHead(200).end(manifest), { keptFor: undefined }],
    ['a broken connection', (_, to) => to.destroy(), { unreached: expect.any(String) }],
    [
      'all, pointers and the store itself, too',
      (_, to) => to.writeHead(200, year).end(manifest),
      { givesPointer: true, isPublic: true },
    ],
  ])('says that it gives %s', async (_what, how, seen) => {
    respond = how;
    expect(await look()).toMatchObject(seen);
  });

  it('says of a host that is none what the network says', async () => {
    expect(await look('', { readUrl: 'http://127.0.0.1:9/models' })).toMatchObject({ unreached: expect.any(String) });
  });

  it('knows when signatures end, and whether they are needed', async () => {
    const policy = Buffer.from('{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":1796083200}}}]}').toString(
      'base64',
    );
    const ends = new Date('2026-12-01T00:00:00Z');
    expect(await look(`?Policy=${policy.replaceAll('=', '_')}&Signature=s`)).toMatchObject({
      ends,
      givesUnsigned: true,
    });
    respond = (request, to) => (request.url?.includes('Signature=') ? right(request, to) : to.writeHead(403).end());
    expect(await look('?URLPrefix=x&Expires=1796083200&Signature=s')).toMatchObject({ ends, givesUnsigned: false });
  });

  it('needs a version that is published', async () => {
    expect(await look('', { empty: true })).toMatchObject({ why: 'no version of digits is published' });
    expect(asked).toEqual([]);
  });
});
