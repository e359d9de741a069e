import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Fault, faultAt } from './fault.ts';
import { FaultProxy } from './fault-proxy.ts';

/** What the server got whole, and so acted on. */
const acted: { method: string; url: string; bytes: number; host: string | undefined }[] = [];
const answer = 'the answer of the server';
let server: HttpServer;
let proxy: FaultProxy;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = await buffer(request).catch(() => undefined);
    if (!body) return;
    const { method = '', url = '', headers } = request;
    acted.push({ method, url, bytes: body.length, host: headers.host });
    const here = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    response.writeHead(200, { 'x-kind': 'own', location: `${here}/session`, 'content-length': answer.length });
    response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await FaultProxy.before(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterAll(async () => {
  await proxy.close();
  server.close();
});
beforeEach(() => {
  acted.length = 0;
  proxy.forget();
  proxy.script = () => undefined;
});

const body = Buffer.alloc(300_000, 'x');
const put = (): Promise<Response> => fetch(`${proxy.endpoint}/a%20b?c=d`, { method: 'PUT', body });
const failing = (fault: Fault): void => {
  proxy.script = faultAt(1, fault);
};

describe('the fault proxy', () => {
  it('passes what no script touches, names itself where the server does, and notes it', async () => {
    const response = await put();
    expect(await response.text()).toBe(answer);
    expect(response.headers.get('location')).toBe(`${proxy.endpoint}/session`);
    expect(acted).toEqual([{ method: 'PUT', url: '/a%20b?c=d', bytes: 300_000, host: new URL(proxy.endpoint).host }]);
    const noted = { index: 1, nth: 1, method: 'PUT', path: '/a%20b', bytes: 300_000, served: 200, status: 200 };
    expect(proxy.requests).toMatchObject([noted]);
    expect(proxy.requests[0]?.query.get('c')).toBe('d');
    expect((await fetch(`${proxy.endpoint}/a`, { method: 'HEAD' })).headers.get('content-length')).toBe('24');
    expect(proxy.requests[1]).toMatchObject({ index: 2, nth: 1 });
  });

  it('loses an answer after the server acted', async () => {
    failing({ kind: 'lose-reply' });
    await expect(put()).rejects.toThrow();
    expect(acted).toHaveLength(1);
    expect(proxy.requests).toMatchObject([{ served: 200, status: undefined }]);
    expect((await put()).status).toBe(200);
  });

  it.each([
    ['fail-before', 0],
    ['fail-after', 1],
  ] as const)('answers an error instead: %s', async (kind, times) => {
    failing({ kind, status: 503, headers: { 'retry-after': '1' }, body: 'slow down' });
    const response = await put();
    expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([
      503,
      '1',
      'slow down',
    ]);
    expect(acted).toHaveLength(times);
    expect(proxy.requests).toMatchObject([{ bytes: 300_000, status: 503 }]);
  });

  it.each([100_000, 10_000_000])(
    'resets in the middle of a body, whatever its length: after %i bytes',
    async (afterBytes) => {
      failing({ kind: 'reset-mid-body', afterBytes });
      await expect(put()).rejects.toThrow();
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(acted).toEqual([]);
      expect(proxy.requests).toMatchObject([{ bytes: Math.min(afterBytes, 299_999), status: undefined }]);
    },
  );

  it('breaks an answer off', async () => {
    failing({ kind: 'cut-reply', afterBytes: 5 });
    const response = await put();
    expect(response.status).toBe(200);
    const got: Buffer[] = [];
    await expect(
      (async () => {
        for await (const chunk of response.body!) got.push(Buffer.from(chunk));
      })(),
    ).rejects.toThrow();
    expect(Buffer.concat(got).toString()).toBe('the a');
    expect(acted).toHaveLength(1);
  });

  it.each(['before', 'after'] as const)('stalls %s the server acts', async (when) => {
    failing({ kind: 'stall', ms: 400, when });
    const began = performance.now();
    const response = put();
    while (acted.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const actedAfter = performance.now() - began;
    expect(await (await response).text()).toBe(answer);
    expect(performance.now() - began).toBeGreaterThan(390);
    if (when === 'before') expect(actedAfter).toBeGreaterThan(390);
    else expect(performance.now() - began - actedAfter).toBeGreaterThan(350);
  });

  it.each([
    ['request', 60_000, 100],
    ['reply', 5, 100],
  ] as const)('lets the body of a %s trickle', async (which, bytes, everyMs) => {
    failing({ kind: 'trickle', bytes, everyMs, body: which });
    const began = performance.now();
    expect(await (await put()).text()).toBe(answer);
    expect(performance.now() - began).toBeGreaterThan(450);
    expect(acted).toMatchObject([{ bytes: 300_000 }]);
  });

  it('rewrites an answer', async () => {
    const headers = { 'x-kind': undefined, etag: '"other"' };
    failing({ kind: 'rewrite', status: 201, headers, body: (own) => `${own} and more` });
    const response = await put();
    expect([response.status, response.headers.get('x-kind'), response.headers.get('etag')]).toEqual([
      201,
      null,
      '"other"',
    ]);
    expect(await response.text()).toBe(`${answer} and more`);
  });

  it('cuts the client off when the server is not there', async () => {
    const nowhere = await FaultProxy.before('http://127.0.0.1:9');
    await expect(fetch(nowhere.endpoint)).rejects.toThrow();
    expect(nowhere.requests).toMatchObject([{ served: undefined, status: undefined }]);
    await nowhere.close();
  });
});
