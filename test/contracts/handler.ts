import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaksIn } from '../handler/http/hostile.ts';
import { packs } from './handler-packing.ts';
import { speaksOpenInference } from './handler-protocols.ts';

export interface HandlerReply {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

export interface OpenedHandler {
  call(
    method: string,
    path: string,
    headers?: Record<string, string>,
    body?: Uint8Array | string,
  ): Promise<HandlerReply>;
  close(): Promise<void>;
}

const json = { 'content-type': 'application/json' };
const octets = { 'content-type': 'application/octet-stream' };
const parsed = ({ body }: HandlerReply): unknown => JSON.parse(Buffer.from(body).toString('utf8'));
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/**
 * What a caller sees of the function, whatever platform it runs on. `open` gives one that serves `tiny` (see fixtures),
 * `bytes` and `text`, the identities of uint8 and string, `picky`, which refuses 9, and `absent`, which is not in the
 * store. It takes 64 KB, allows the origin https://app.example and serves the page.
 */
export function handlerContract(name: string, open: () => Promise<OpenedHandler>): void {
  describe(`${name} keeps the contract of handlers`, () => {
    let opened: OpenedHandler;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.close());
    const call: OpenedHandler['call'] = (...requested) => opened.call(...requested);
    answersHealth(call);
    infers(call);
    packs(call);
    servesSeveralModels(call);
    speaksOpenInference(call);
    refuses(call);
    refusesInItsOwnWords(call);
    carriesHeaders(call);
    answersBrowsers(call);
  });
}

type Call = OpenedHandler['call'];

function answersHealth(call: Call): void {
  it('answers health whether or not a model is loaded, then loads and proves it', async () => {
    expect(parsed(await call('GET', '/v1/health'))).toMatchObject({ status: 'ok', loaded: expect.any(Boolean) });
    const warm = await call('GET', '/v1/health?warm=true');
    expect(warm.status).toBe(200);
    expect(parsed(warm)).toMatchObject({ cold_start: true, sample: 'ok', model: { name: 'tiny', version: '1.0.0' } });
  });

  it('answers HEAD without a body', async () => {
    for (const [path, status] of [
      ['/v1/health', 200],
      ['/nowhere', 404],
      ['/v1/infer', 405],
    ] as const) {
      const reply = await call('HEAD', path);
      expect([path, reply.status, reply.body.byteLength]).toEqual([path, status, 0]);
    }
  });

  it('describes itself', async () => {
    const reply = await call('GET', '/v1/openapi.json');
    expect(parsed(reply)).toMatchObject({ openapi: '3.1.0', info: { title: 'tiny' } });
    expect(reply.headers['content-type']).toMatch(/^application\/json/);
  });
}

function infers(call: Call): void {
  it('infers from JSON', async () => {
    const reply = await call('POST', '/v1/infer', json, '{"inputs":[[1,2]]}');
    expect([reply.status, parsed(reply)]).toMatchObject([200, { outputs: { y: [[5.5, 1]] } }]);
  });

  it('takes and gives every byte', async () => {
    const all = Uint8Array.from({ length: 1024 }, (_, at) => at % 256);
    const reply = await call('POST', '/v1/models/bytes/infer', octets, all);
    expect(reply.status).toBe(200);
    expect(reply.headers).toMatchObject({ ...octets, 'x-tensor-shape': '1024', 'x-tensor-dtype': 'uint8' });
    expect(Buffer.from(reply.body).equals(all)).toBe(true);
  });

  it('answers the good items of a batch and refuses the bad one', async () => {
    const items = '{"items":[{"inputs":[[1,2]]},{"inputs":[[3]]},{"inputs":[[1,2]]}]}';
    const reply = await call('POST', '/v1/batch', json, items);
    const good = { outputs: { y: [[5.5, 1]] } };
    expect(reply.status).toBe(200);
    expect(parsed(reply)).toMatchObject({ items: [good, { error: { code: 'bad-input' } }, good] });
  });

  it('brings text through in every script', async () => {
    const text = ['a', 'ü€', '💥\n"'];
    const reply = await call('POST', '/v1/models/text/infer', json, JSON.stringify({ inputs: text }));
    expect(parsed(reply)).toMatchObject({ outputs: { y: text } });
  });

  it('reads the query', async () => {
    const accept = { ...json, accept: 'application/octet-stream' };
    const reply = await call('POST', '/v1/infer?output=y', accept, '{"inputs":[[1,2]]}');
    expect([...new Float32Array(new Uint8Array(reply.body).buffer)]).toEqual([5.5, 1]);
    for (const requested of [accept, json]) {
      expect((await call('POST', '/v1/infer?output=z', requested, '{"inputs":[[1,2]]}')).status).toBe(400);
    }
  });
}

function servesSeveralModels(call: Call): void {
  it('lists its models and answers for each', async () => {
    const { models } = parsed(await call('GET', '/v1/models')) as { models: { name: string }[] };
    expect(models.map(({ name }) => name)).toEqual(['tiny', 'bytes', 'text', 'picky', 'absent']);
    const warm = await call('GET', '/v1/models/text/health?warm=true');
    expect(parsed(warm)).toMatchObject({ model: { name: 'text' }, sample: 'none' });
    const described = parsed(await call('GET', '/v1/models/picky/openapi.json'));
    expect(Object.keys((described as { paths: object }).paths)).toContain('/v1/models/picky/infer');
  });

  it('does not know others', async () => {
    const reply = await call('POST', '/v1/models/other/infer', json, '{"inputs":[1]}');
    expect([reply.status, parsed(reply)]).toMatchObject([404, { error: { code: 'model-not-served' } }]);
  });

  it('says when to ask again for one that it cannot load', async () => {
    const reply = await call('POST', '/v1/models/absent/infer', json, '{"inputs":[1]}');
    expect([reply.status, parsed(reply)]).toMatchObject([503, { error: { code: 'model-not-found' } }]);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    expect((await call('GET', '/v2/health/ready')).status).toBe(503);
  });
}

function refuses(call: Call): void {
  const cases: [string, string, string, Record<string, string>, Uint8Array | string | undefined, number, string][] = [
    ['an unknown path', 'GET', '/nowhere', {}, undefined, 404, 'not-found'],
    ['another method', 'DELETE', '/v1/infer', {}, undefined, 405, 'method-not-allowed'],
    ['a body too large', 'POST', '/v1/infer', json, `{"a":"${'x'.repeat(65_536)}"}`, 413, 'payload-too-large'],
    ['bytes too large', 'POST', '/v1/infer', octets, new Uint8Array(65_537), 413, 'payload-too-large'],
    ['another media type', 'POST', '/v1/infer', { 'content-type': 'text/csv' }, '1,2', 415, 'unsupported-media-type'],
    ['other shapes', 'POST', '/v1/infer', json, '{"inputs":[[1,2,3]]}', 400, 'bad-input'],
    ['values the graph refuses', 'POST', '/v1/models/picky/infer', json, '{"inputs":[9]}', 422, 'inference-failed'],
  ];
  it.each(cases)('refuses %s', async (_what, method, path, headers, body, status, code) => {
    const reply = await call(method, path, headers, body);
    expect([reply.status, parsed(reply)]).toMatchObject([status, { error: { code } }]);
  });
}

function refusesInItsOwnWords(call: Call): void {
  const cases: [string, Record<string, string>, Uint8Array | string | undefined, number, string][] = [
    ['what is not JSON', json, '{"inputs":', 400, 'bad-json'],
    ['JSON that is no object', json, '[1]', 400, 'bad-json'],
    ['bytes that are not UTF-8', json, new Uint8Array([0x7b, 0xff, 0x7d]), 400, 'bad-json'],
    ['no body', json, undefined, 400, 'bad-json'],
    ['another charset', { 'content-type': 'application/json; charset=utf-16' }, '{"inputs":', 400, 'bad-json'],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'a=1', 415, 'unsupported-media-type'],
  ];
  it.each(cases)('refuses %s, and says nothing but its own words', async (_what, headers, body, status, code) => {
    const reply = await call('POST', '/v1/infer', headers, body);
    expect([reply.status, parsed(reply)]).toMatchObject([
      status,
      { error: { code, request_id: reply.headers['x-request-id'] } },
    ]);
    expect(reply.headers['content-type']).toMatch(/^application\/json/);
    expect(leaksIn(Buffer.from(reply.body).toString())).toEqual([]);
  });

  it('says which methods a path answers', async () => {
    expect((await call('PUT', '/v1/infer', json, '{}')).headers['allow']).toBe('POST, OPTIONS');
    expect((await call('POST', '/v1/health', json, '{}')).headers['allow']).toBe('GET, HEAD, OPTIONS');
  });
}

function carriesHeaders(call: Call): void {
  it('passes on the ids of the caller and tells its timings', async () => {
    const sent = {
      'x-request-id': 'mine-1',
      traceparent,
      'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678',
    };
    const { headers } = await call('GET', '/v1/health?warm=true', sent);
    expect(headers).toMatchObject(sent);
    expect(headers['server-timing']).toMatch(/total;dur=\d/);
    expect(headers['x-coldgate-version']).toBe('1.0.0');
  });

  it('takes no header that is not of its form', async () => {
    const { headers } = await call('GET', '/v1/health', { 'x-request-id': 'a b', traceparent: 'x' });
    expect(headers['x-request-id']).toMatch(/^[\w.:=/+-]{1,128}$/);
    expect(headers).not.toHaveProperty('traceparent');
  });

  it('names each request where the caller does not', async () => {
    const ids = [await call('GET', '/v1/health'), await call('GET', '/v1/health')].map(
      ({ headers }) => headers['x-request-id'],
    );
    for (const id of ids) expect(id).toMatch(/^[\w.:=/+-]{1,128}$/);
  });

  it('lets nobody keep its answers or guess their type', async () => {
    const { headers } = await call('GET', '/v1/health');
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
}

function answersBrowsers(call: Call): void {
  it('answers a preflight of a known origin alone', async () => {
    const known = await call('OPTIONS', '/v1/infer', { origin: 'https://app.example' });
    expect([known.status, known.headers['access-control-allow-origin']]).toEqual([204, 'https://app.example']);
    expect(known.headers['access-control-allow-methods']).toContain('POST');
    const other = await call('OPTIONS', '/v1/infer', { origin: 'https://other.example' });
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('lets a known origin read its answers, errors too', async () => {
    for (const path of ['/v1/health', '/nowhere']) {
      const { headers } = await call('GET', path, { origin: 'https://app.example' });
      expect(headers).toMatchObject({ 'access-control-allow-origin': 'https://app.example', vary: 'origin' });
      expect(headers['access-control-expose-headers']).toContain('server-timing');
    }
  });

  it('serves the page', async () => {
    const reply = await call('GET', '/');
    expect([reply.status, reply.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(Buffer.from(reply.body).toString()).toMatch(/^<!doctype html>/);
  });
}
