import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { toAppRequest } from '../../../src/handler/platforms/aws/http.ts';
import { createLambda } from '../../../src/handler/platforms/aws/lambda.ts';
import { type HandlerReply, handlerContract, type OpenedHandler } from '../../contracts/handler.ts';
import { HandlerChild } from '../../fakes/handler/child.ts';
import { callOver } from '../../fakes/handler/http.ts';
import { fromLambdaReply, lambdaEvent } from '../../fakes/handler/lambda-event.ts';
import { FunctionProcess } from '../function-process.ts';
import { TestApp } from '../test-app.ts';
import { openAdapterBed } from './adapter-bed.ts';

const { bundle, variables, store, remove } = await openAdapterBed();
afterAll(remove);

handlerContract('the Node adapter', async () => {
  const one = new FunctionProcess(bundle, variables);
  const { port } = await one.listening();
  return { call: callOver(port), close: async () => void (await one.stop()) };
});

handlerContract('the Cloud Run adapter', async () => {
  const one = new FunctionProcess(bundle, variables, 'cloud-run.cjs');
  const { port } = await one.listening();
  return { call: callOver(port), close: async () => void (await one.stop()) };
});

handlerContract('the Lambda adapter, called with events', async () => {
  const app = new TestApp(store.root, variables);
  const lambda = createLambda({
    app: app.app,
    xray: () => undefined,
    upload: async () => [],
    messages: async () => [],
  });
  return {
    call: async (...requests) =>
      fromLambdaReply(await lambda(lambdaEvent(...requests), { awsRequestId: 'invocation-1' })),
    close: () => app.close(),
  };
});

/** A port that nobody listens on at this moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const opened: HandlerChild[] = [];
const hosted = (host: string, entry: string) => async (): Promise<OpenedHandler> => {
  const child = new HandlerChild(
    [join(import.meta.dirname, '../../fakes/handler', host), join(bundle, entry)],
    variables,
  );
  opened.push(child);
  return { call: callOver(await child.port()), close: () => child.stop() };
};
handlerContract('the Google adapter in the real functions framework', hosted('google-host.ts', 'google.mjs'));
handlerContract('the Cloud Run function, started by the framework in its package', async () => {
  const port = await freePort();
  const child = new HandlerChild([join(bundle, 'google-function.cjs')], { ...variables, PORT: String(port) });
  opened.push(child);
  const until = Date.now() + 60_000;
  while (!(await fetch(`http://127.0.0.1:${port}/v1/health`).catch(() => undefined))) {
    if (Date.now() > until || child.process.exitCode !== null) throw new Error(`not started: ${child.lines}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { call: callOver(port), close: () => child.stop() };
});
handlerContract('the Azure adapter in the real @azure/functions on a stand-in host', hosted('azure-host.ts', '.'));

describe('the logs of hosted functions', () => {
  it('hold lines of JSON alone, and nothing of what was sent', () => {
    expect(opened).toHaveLength(3);
    for (const { lines, errors } of opened) {
      expect(errors).toEqual([]);
      for (const line of lines) expect(JSON.parse(line)).toHaveProperty('event');
      expect(lines.join('\n')).not.toMatch(/ü€|xxxx|{"inputs":(?!\[{"name")/);
    }
  });
});

describe('the log of an Azure function', () => {
  it('has the severity of each line', () => {
    const { lines } = opened[2]!;
    const own = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const severities = { info: 'information', warn: 'warning', error: 'error' };
    const reported = own.filter(({ event }) => event === 'host-log');
    const output = own.filter(({ event }) => event !== 'host-log' && event !== 'port');
    expect(new Set(output.map(({ level }) => level))).toEqual(new Set(['info', 'warn', 'error']));
    expect(reported.map(({ level }) => level)).toEqual(
      output.map(({ level }) => severities[level as keyof typeof severities]),
    );
    expect(new Set(reported.map(({ category }) => category))).toEqual(new Set(['user']));
  });
});

describe('events of Lambda', () => {
  const http = (path: string, more: object = {}, stage = '$default') => ({
    ...lambdaEvent('GET', path),
    requestContext: { stage, http: { method: 'GET', path } },
    ...more,
  });
  const read = (event: object) => toAppRequest(event as Parameters<typeof toAppRequest>[0], 'invocation-1', 'Root=1-a');

  it('lose the stage of an HTTP API from their path, and only that', () => {
    expect(read(http('/prod/v1/health', {}, 'prod')).url).toBe('/v1/health');
    expect(read(http('/prod', {}, 'prod')).url).toBe('/');
    expect(read(http('/production/v1/health', {}, 'prod')).url).toBe('/production/v1/health');
    expect(read(http('/v1/health?a=b&c=%20', {}, 'prod')).url).toBe('/v1/health?a=b&c=%20');
  });

  it('bring cookies, any case of header names, the trace and an id of the invocation', () => {
    const request = read(http('/', { cookies: ['a=1', 'b=2'], headers: { 'Content-Type': 'text/csv' } }));
    expect(request.headers.get('cookie')).toBe('a=1; b=2');
    expect(request.headers.get('content-type')).toBe('text/csv');
    expect(request.headers.get('x-amzn-trace-id')).toBe('Root=1-a');
    expect(request.requestId).toBe('invocation-1');
  });

  it('are refused before their base64 is unpacked where it is too large', async () => {
    const large = read(http('/', { body: 'A'.repeat(4004), isBase64Encoded: true }));
    await expect(large.read(3000)).rejects.toMatchObject({ status: 413 });
    expect((await large.read(3003)).byteLength).toBe(3003);
  });

  /** A model that answers what it is asked, so that the size of answers is that of requests. */
  async function echo(count: number, type: string): Promise<HandlerReply> {
    const app = new TestApp(store.root, { ...variables, MODEL_NAME: 'bytes', COLDGATE_MAX_PAYLOAD_KB: '6000' });
    const lambda = createLambda({
      app: app.app,
      xray: () => undefined,
      upload: async () => [],
      messages: async () => [],
    });
    const headers = { 'content-type': 'application/octet-stream', accept: type };
    const event = lambdaEvent('POST', '/v1/infer', headers, Buffer.alloc(count, 200));
    const reply = await lambda(event, {});
    expect(Buffer.byteLength(JSON.stringify(reply))).toBeLessThanOrEqual(6 * 1024 * 1024);
    expect(app.logged('request')).toMatchObject([{ status: fromLambdaReply(reply).status }]);
    await app.close();
    return fromLambdaReply(reply);
  }

  it.each([
    ['application/json', 1_500_000, 1_600_000],
    ['application/octet-stream', 4_700_000, 4_720_000],
  ])('are answered in %s up to the 6 MB of an invocation, and with a typed error beyond', async (type, fits, not) => {
    expect(await echo(fits, type)).toMatchObject({
      status: 200,
      headers: { 'content-type': expect.stringContaining(type) },
    });
    const refused = await echo(not, type);
    expect(refused.status).toBe(413);
    expect(JSON.parse(refused.body.toString())).toMatchObject({
      error: { code: 'answer-too-large', message: expect.stringContaining('6291456 bytes') },
    });
  });

  it.each(['', '/prod'])('lead from the OpenAPI document to its paths, behind the stage %j too', async (before) => {
    const app = new TestApp(store.root, variables);
    for (const prefix of ['/v1', '/v1/models/tiny']) {
      const at = `${before}${prefix}/openapi.json`;
      const stage = before.slice(1) || '$default';
      const event = { ...lambdaEvent('GET', at), requestContext: { stage, http: { method: 'GET', path: at } } };
      const lambda = createLambda({
        app: app.app,
        xray: () => undefined,
        upload: async () => [],
        messages: async () => [],
      });
      const { servers, paths } = JSON.parse(fromLambdaReply(await lambda(event, {})).body.toString()) as {
        servers: { url: string }[];
        paths: Record<string, unknown>;
      };
      const base = new URL(servers[0]!.url, `https://x.example${at}`).pathname.replace(/\/$/, '');
      expect([base, Object.keys(paths)]).toEqual([before, expect.arrayContaining([`${prefix}/infer`])]);
    }
    await app.close();
  });

  it('have a handler of no more than two parameters, which newer runtimes insist on', () => {
    expect(createLambda.length).toBe(1);
    const app = { handle: async () => ({ status: 200, headers: {}, body: '{}' }) };
    const deps = {
      app: app as unknown as TestApp['app'],
      xray: () => undefined,
      upload: async () => [],
      messages: async () => [],
    };
    expect(createLambda(deps).length).toBeLessThanOrEqual(2);
  });
});
