import { afterAll, beforeAll, describe, expect, it } from 'vitest';

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
 * What a caller sees of the function, whatever platform it runs on. `open` gives one that serves `tiny` (see fixtures)
 * and `bytes`, the identity of uint8, takes 64 KB and allows the origin https://app.example.
 */
export function handlerContract(name: string, open: () => Promise<OpenedHandler>): void {
  describe(`${name} keeps the contract of handlers`, () => {
    let opened: OpenedHandler;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.close());
    const call: OpenedHandler['call'] = (...asked) => opened.call(...asked);
    answersHealth(call);
    infers(call);
    refuses(call);
    carriesHeaders(call);
  });
}

type Call = OpenedHandler['call'];

function answersHealth(call: Call): void {
  it('answers health without a model, then loads and proves it', async () => {
    expect(parsed(await call('GET', '/v1/health'))).toMatchObject({ status: 'ok', loaded: false });
    const warm = await call('GET', '/v1/health?warm=true');
    expect(warm.status).toBe(200);
    expect(parsed(warm)).toMatchObject({ cold_start: true, sample: 'ok', model: { name: 'tiny', version: '1.0.0' } });
  });

  it('answers HEAD without a body', async () => {
    const reply = await call('HEAD', '/v1/health');
    expect([reply.status, reply.body.byteLength]).toEqual([200, 0]);
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

  it('speaks the Open Inference Protocol', async () => {
    expect((await call('GET', '/v2/health/ready')).status).toBe(200);
    const body = '{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}';
    const reply = await call('POST', '/v2/models/tiny/infer', json, body);
    expect(parsed(reply)).toMatchObject({ model_name: 'tiny', outputs: [{ name: 'y', data: [5.5, 1] }] });
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

  it('refuses what is not JSON', async () => {
    expect((await call('POST', '/v1/infer', json, '{"inputs":')).status).toBe(400);
  });
}

function carriesHeaders(call: Call): void {
  it('answers a preflight of a known origin alone', async () => {
    const known = await call('OPTIONS', '/v1/infer', { origin: 'https://app.example' });
    expect([known.status, known.headers['access-control-allow-origin']]).toEqual([204, 'https://app.example']);
    const other = await call('OPTIONS', '/v1/infer', { origin: 'https://other.example' });
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('passes on the ids of the caller and tells its timings', async () => {
    const { headers } = await call('GET', '/v1/health?warm=true', { 'x-request-id': 'mine-1', traceparent });
    expect(headers).toMatchObject({ 'x-request-id': 'mine-1', traceparent });
    expect(headers['server-timing']).toMatch(/total;dur=\d/);
    expect(headers['x-coldgate-version']).toBe('1.0.0');
  });

  it('names each request where the caller does not', async () => {
    expect((await call('GET', '/v1/health')).headers['x-request-id']).toMatch(/^[\w.:=/+-]{1,128}$/);
  });
}
