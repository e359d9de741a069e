import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Served, serve } from '../../../src/handler/http/node.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const store = new ModelStore();
let app: TestApp;
let served: Served;
let base: string;
beforeAll(async () => {
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel() }));
  app = new TestApp(store.root, { COLDGATE_MAX_PAYLOAD_KB: '64' });
  served = await serve({ app: app.app, port: 0, bodyTimeoutMs: 300 });
  base = `http://127.0.0.1:${served.port}`;
});
afterAll(async () => {
  await served.close();
  await app.close();
  store.remove();
});

const post = (
  body: string | Float32Array<ArrayBuffer>,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<Response> => fetch(`${base}/v1/infer`, { method: 'POST', body, headers });

/** Sends bytes as they are and reads until the connection ends. */
const raw = (text: string, end = true): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(served.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', () => {});
    if (end) socket.end(text);
    else socket.write(text);
  });

describe('the Node adapter', () => {
  it('serves the application', async () => {
    const response = await post('{"inputs":[[1,2]]}');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ outputs: { y: [[5.5, 1]] } });
    expect(response.headers.get('x-coldgate-version')).toBe('1.0.0');
    expect(response.headers.get('content-length')).not.toBeNull();
  });

  it('takes and gives bytes', async () => {
    const response = await post(new Float32Array([1, 2]), { 'content-type': 'application/octet-stream' });
    expect(new Float32Array(await response.arrayBuffer())).toEqual(new Float32Array([5.5, 1]));
  });

  it('answers HEAD without a body and a preflight with none', async () => {
    const head = await fetch(`${base}/v1/health`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(0);
    expect((await fetch(`${base}/v1/infer`, { method: 'OPTIONS' })).status).toBe(204);
  });

  it('refuses a body too large by what its header says, and by what comes', async () => {
    expect((await post('x'.repeat(65 * 1024))).status).toBe(413);
    const streamed = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(`${base}/v1/infer`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      });
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      for (let i = 0; i < 80; i++) request.write(' '.repeat(1024));
      request.end();
    });
    expect(streamed).toBe(413);
  });

  const head = 'POST /v1/infer HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
  it('is not fooled by lengths that lie', async () => {
    expect(await raw(`${head}content-length: 5\r\n\r\n{"inputs":[[1,2]]}`)).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(`${head}content-length: 5000\r\n\r\n{}`)).not.toMatch(/^HTTP\/1\.1 (?:200|500) /);
    expect(await raw(`${head}content-length: -1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect((await fetch(`${base}/v1/health`)).status).toBe(200);
  });

  it('gives up on a body that does not come', async () => {
    expect(await raw(`${head}content-length: 50\r\n\r\n{"inp`, false)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('outlives callers that hang up', async () => {
    for (let i = 0; i < 20; i++) {
      await new Promise<void>((resolve) => {
        const socket = connect(served.port, '127.0.0.1', () => {
          socket.write(`${head}content-length: 18\r\n\r\n{"inputs":[[1,2]]}`);
          socket.destroy();
          resolve();
        });
      });
    }
    expect((await post('{"inputs":[[1,2]]}')).status).toBe(200);
  });

  it('says when its port is taken', async () => {
    await expect(serve({ app: app.app, port: served.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('lets requests in flight finish when it closes', async () => {
    const other = new TestApp(store.root);
    const own = await serve({ app: other.app, port: 0 });
    const pending = fetch(`http://127.0.0.1:${own.port}/v1/health?warm=true`);
    while (
      other.lines.length === 0 &&
      (await Promise.race([pending.then(() => true), new Promise((r) => setTimeout(r, 1))])) !== true
    );
    await own.close();
    expect((await pending).status).toBe(200);
    await expect(fetch(`http://127.0.0.1:${own.port}/v1/health`)).rejects.toThrow();
    await other.close();
  });
});
