import { spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Served, serve } from '../../../src/handler/http/node.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const store = new ModelStore();
let app: TestApp;
let served: Served;
beforeAll(async () => {
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel() }));
  app = new TestApp(store.root, { COLDGATE_MAX_PAYLOAD_KB: '64' });
  served = await serve({ app: app.app, port: 0, hosts: ['model.test'] });
});
afterAll(async () => {
  await served.close();
  await app.close();
  store.remove();
});

const mebibyte = 1024 * 1024;

interface Sent {
  path?: string;
  method?: string;
  host?: string;
  type?: string;
}

/** Sends a whole body before it reads a byte, as plain clients do, then reads until the connection ends. */
function writeThenRead(size: number, { path = '/v1/infer', method = 'POST', host = 'localhost', type }: Sent = {}) {
  return new Promise<string>((resolve, reject) => {
    const socket = connect(served.port, '127.0.0.1').pause();
    let answer = '';
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer));
    const contentType = type ?? 'application/json';
    socket.write(
      `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: ${contentType}\r\ncontent-length: ${size}\r\n\r\n`,
    );
    socket.write(Buffer.alloc(size, ' '), () => socket.resume());
  });
}

const get = (host: string, path = '/v1/health'): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(served.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer));
    socket.end(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  });

describe('a client that writes all of its body before it reads', () => {
  it.each([
    [413, 'payload-too-large', 5, {}],
    [413, 'payload-too-large', 64, {}],
    [404, 'not-found', 16, { path: '/nowhere' }],
    [405, 'method-not-allowed', 16, { method: 'PUT' }],
    [415, 'unsupported-media-type', 16, { type: 'text/csv' }],
    [421, 'host-not-served', 16, { host: 'page.test' }],
  ] as const)('reads the %i that its body was answered with: %s, %i MiB', async (status, code, size, sent) => {
    const answer = await writeThenRead(size * mebibyte, sent);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(`"code":"${code}"`);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
  });

  const python = spawnSync('python3', ['--version']).status === 0;
  it.runIf(python)('is Python: urllib raises the status and no broken pipe', async () => {
    const script = `import sys, urllib.request, urllib.error
for size in (5, 64):
    request = urllib.request.Request(sys.argv[1], b' ' * (size << 20), {'content-type': 'application/json'})
    try:
        urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as error:
        print(error.code, b'payload-too-large' in error.read())`;
    const child = spawn('python3', ['-c', script, `http://127.0.0.1:${served.port}/v1/infer`]);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    await new Promise((resolve) => child.on('close', resolve));
    expect(output).toBe('413 True\n413 True\n');
  });

  it('is not waited for without end', async () => {
    const socket = connect(served.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('POST /v1/infer HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999999\r\n\r\n ');
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1\.1 4/);
  });
});

describe('a body that waits to be asked for', () => {
  const head = 'host: localhost\r\ncontent-type: application/json\r\nexpect: 100-continue\r\nconnection: close\r\n';
  const body = '{"inputs": [[1, 2]]}';

  it('is asked for where it is read, and not where the answer is known without it', async () => {
    const taken = connect(served.port, '127.0.0.1').setEncoding('utf8');
    taken.write(`POST /v1/infer HTTP/1.1\r\n${head}content-length: ${body.length}\r\n\r\n`);
    let answer = '';
    for await (const chunk of taken) {
      if (answer === '') taken.write(body);
      answer += chunk;
    }
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
    for (const [line, status, size] of [
      ['POST /nowhere', 404, 16],
      ['PUT /v1/infer', 405, 16],
      ['POST /v1/infer', 413, 16 * mebibyte],
    ] as const) {
      const refused = connect(served.port, '127.0.0.1');
      refused.write(`${line} HTTP/1.1\r\n${head}content-length: ${size}\r\n\r\n`);
      let output = '';
      for await (const chunk of refused) output += chunk;
      expect(output).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
  });
});

describe('a function on loopback', () => {
  it.each(['localhost', 'LocalHost:8080', 'a.localhost', '127.0.0.1:80', '127.1.2.3', '[::1]:8080', 'model.test:1'])(
    'answers for %s',
    async (host) => {
      expect(await get(host)).toMatch(/^HTTP\/1\.1 200 /);
    },
  );

  it.each([
    'page.test',
    'page.test:8080',
    '127.0.0.1.page.test',
    'localhost.page.test',
    '10.0.0.1',
    '',
    '169.254.169.254',
  ])('does not answer for "%s", to which a page may have let its own name point', async (host) => {
    for (const path of ['/v1/health', '/', '/v1/infer', '/nowhere']) {
      const answer = await get(host, path);
      expect(answer).toMatch(/^HTTP\/1\.1 421 /);
      expect(answer).toContain('COLDGATE_HOSTS');
    }
  });

  it('does not answer for another host of a whole URL either', async () => {
    expect(await get('localhost', 'http://page.test/v1/health')).toMatch(/^HTTP\/1\.1 421 /);
    expect(await get('localhost', `http://localhost:${served.port}/v1/health`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('that listens for others answers for every host, unless it is told which', async () => {
    const [open, reported] = await Promise.all([
      serve({ app: app.app, port: 0, host: '0.0.0.0' }),
      serve({ app: app.app, port: 0, host: '0.0.0.0', hosts: ['model.test'] }),
    ]);
    const status = (port: number) =>
      new Promise<string>((resolve) => {
        const socket = connect(port, '127.0.0.1');
        socket.once('data', (chunk) => resolve(String(chunk).slice(9, 12)));
        socket.end('GET /v1/health HTTP/1.1\r\nhost: page.test\r\nconnection: close\r\n\r\n');
      });
    expect([await status(open.port), await status(reported.port)]).toEqual(['200', '421']);
    await Promise.all([open.close(), reported.close()]);
  });
});
