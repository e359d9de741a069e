import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyModel, tinySample } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const store = new ModelStore();
let app: TestApp;
beforeAll(() => {
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel(), sample: tinySample }));
  app = new TestApp(store.root, { COLDGATE_REVISION: 'rev-1' });
});
afterAll(async () => {
  await app.close();
  store.remove();
});

const secret = 424_242.5;
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const xray = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';

describe('the log', () => {
  it('has one line for each invocation, with shapes and never values', async () => {
    const body = { inputs: [[secret, 2]] };
    const headers = { traceparent, 'x-amzn-trace-id': xray, 'x-request-id': 'req-1' };
    const reply = await app.ask('/v1/infer', { body, headers });
    expect(app.logged('request')).toMatchObject([
      {
        level: 'info',
        request_id: 'req-1',
        route: '/v1/infer',
        status: 200,
        cold_start: true,
        revision: 'rev-1',
        model: 'tiny',
        version: '1.0.0',
        inputs: [{ name: 'x', dtype: 'float32', shape: [1, 2] }],
        traceparent,
        xray,
        timings: { init_ms: 12 },
      },
    ]);
    expect(app.lines.join('\n')).not.toContain('424242');
    expect(reply.headers).toMatchObject({ traceparent, 'x-amzn-trace-id': xray, 'x-request-id': 'req-1' });
    await app.ask('/v1/infer', { body });
    expect(app.logged('request')[1]).not.toHaveProperty('timings');
  });

  it.each([
    ['x-request-id', 'a\nb'],
    ['x-request-id', `{"level":"error"}\r\n{}`],
    ['x-request-id', 'a'.repeat(129)],
    ['traceparent', `${traceparent}\n{"event":"request"}`],
    ['traceparent', 'anything'],
    ['x-amzn-trace-id', 'Root=1\u2028{}'],
  ])('takes no %s that is not one: %j', async (name, value) => {
    const before = app.lines.length;
    const reply = await app.ask('/v1/health', { headers: { [name]: value } });
    const lines = app.lines.slice(before);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/[\n\r\u2028]/);
    expect(JSON.stringify(JSON.parse(lines[0]!))).toBe(lines[0]);
    expect(Object.values(reply.headers)).not.toContain(value);
  });

  it('names a route by its pattern, whatever was asked for', async () => {
    await app.ask('/v1/models/%0a%7b%22/health');
    expect(app.logged('request').at(-1)).toMatchObject({ route: '/v1/models/{name}/health', status: 404 });
    await app.ask('/\n{"x":1}');
    expect(app.logged('request').at(-1)).toMatchObject({ route: 'unknown', status: 404 });
  });
});
