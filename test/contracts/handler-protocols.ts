import { expect, it } from 'vitest';
import type { HandlerReply, OpenedHandler } from './handler.ts';

const json = { 'content-type': 'application/json' };
const octets = { 'content-type': 'application/octet-stream' };
const parsed = ({ body }: HandlerReply): unknown => JSON.parse(Buffer.from(body).toString('utf8'));

/** The Open Inference Protocol and the one before it; a part of `handlerContract`. */
export function speaksOpenInference(call: OpenedHandler['call']): void {
  it('speaks the Open Inference Protocol in JSON', async () => {
    expect(parsed(await call('GET', '/v2/health/live'))).toEqual({ live: true });
    expect(parsed(await call('GET', '/v2/models/tiny/versions/1.0.0/ready'))).toEqual({ name: 'tiny', ready: true });
    expect(parsed(await call('GET', '/v2/models/bytes'))).toMatchObject({
      name: 'bytes',
      versions: ['1.0.0'],
      inputs: [{ name: 'x', datatype: 'UINT8', shape: [-1] }],
    });
    const body = '{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}';
    const reply = await call('POST', '/v2/models/tiny/infer', json, body);
    expect(parsed(reply)).toMatchObject({ model_name: 'tiny', outputs: [{ name: 'y', data: [5.5, 1] }] });
  });

  it('speaks the protocol before it, with one instance an element', async () => {
    expect(parsed(await call('GET', '/v1/models/tiny'))).toEqual({ name: 'tiny', ready: true });
    for (const instances of ['[[1,2],[1,2]]', '[{"x":[1,2]},{"x":[1,2]}]']) {
      const reply = await call('POST', '/v1/models/tiny:predict', json, `{"instances":${instances},"parameters":{}}`);
      expect([reply.status, parsed(reply)]).toEqual([
        200,
        {
          predictions: [
            [5.5, 1],
            [5.5, 1],
          ],
        },
      ]);
    }
    const refused = await call('POST', '/v1/models/tiny:predict', json, '{"instances":[[1]]}');
    expect([refused.status, parsed(refused)]).toMatchObject([400, { error: expect.stringContaining('inputs.x') }]);
    expect((await call('POST', '/v1/models/other:predict', json, '{}')).status).toBe(404);
    expect((await call('GET', '/v1/models/absent')).status).toBe(503);
  });

  it('takes parameters that it does not know', async () => {
    const x = { name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2], parameters: { content_type: 'np' } };
    const outputs = [{ name: 'y', parameters: { content_type: 'np' } }];
    const body = JSON.stringify({ id: 'a', inputs: [x], outputs, parameters: { headers: {} } });
    expect(parsed(await call('POST', '/v2/models/tiny/infer', json, body))).toMatchObject({ id: 'a' });
  });

  it('lists its models for clients', async () => {
    const index = parsed(await call('POST', '/v2/repository/index', json, '{}')) as { name: string; state: string }[];
    expect(index.map(({ name }) => name)).toEqual(['tiny', 'bytes', 'text', 'picky', 'absent']);
    expect(index[0]).toMatchObject({ version: '1.0.0', state: 'READY' });
  });

  const refused: [string, string, number][] = [
    ['GET', '/v2/', 404],
    ['GET', '/v2/nothing', 404],
    ['GET', '/v2/models', 404],
    ['GET', '/v2/models/other', 404],
    ['GET', '/v2/models/tiny/config', 404],
    ['GET', '/v2/models/stats', 404],
    ['GET', '/v2/models/tiny/versions/9.9.9/ready', 404],
    ['POST', '/v2/repository/models/tiny/unload', 404],
    ['PUT', '/v2/models/tiny/infer', 405],
    ['GET', '/v2/models/text/infer', 405],
    ['DELETE', '/v2/models/tiny', 405],
    ['POST', '/v2/models/picky/infer', 400],
    ['GET', '/v2/models/absent', 503],
  ];
  it.each(refused)('refuses %s %s in the form of that protocol', async (method, path, status) => {
    const reply = await call(method, path, json, method === 'GET' ? undefined : '{}');
    expect([reply.status, parsed(reply)]).toMatchObject([status, { error: expect.any(String) }]);
  });

  it('and with tensors as bytes behind it', async () => {
    const all = Uint8Array.from({ length: 256 }, (_, at) => at);
    const x = { name: 'x', shape: [256], datatype: 'UINT8', parameters: { binary_data_size: 256 } };
    const head = Buffer.from(JSON.stringify({ inputs: [x], parameters: { binary_data_output: true } }));
    const headers = { ...octets, 'inference-header-content-length': String(head.byteLength) };
    const reply = await call('POST', '/v2/models/bytes/infer', headers, Buffer.concat([head, all]));
    const length = Number(reply.headers['inference-header-content-length']);
    expect(JSON.parse(Buffer.from(reply.body.subarray(0, length)).toString())).toMatchObject({ model_name: 'bytes' });
    expect(Buffer.from(reply.body.subarray(length)).equals(all)).toBe(true);
  });
}
