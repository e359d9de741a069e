import { describe, expect, it } from 'vitest';
import type { App } from '../../../src/handler/http/app.ts';
import type { AppRequest, AppResponse } from '../../../src/handler/http/app-request.ts';
import type { RequestError } from '../../../src/handler/http/request-error.ts';
import { createLambda } from '../../../src/handler/platforms/aws/lambda.ts';
import { balancerEvent, fromRestReply, restEvent } from '../../fakes/handler/lambda-event.ts';

const plain: AppResponse = { status: 200, headers: { 'content-type': 'application/json' }, body: '{"a": 1}' };

/** The adapter before an application that keeps what it is asked, and answers as it is told. */
function adapter(answer: AppResponse = plain) {
  const requests: AppRequest[] = [];
  const app = {
    handle: async (request: AppRequest) => {
      requests.push(request);
      try {
        request.checkAnswer?.(answer);
        return answer;
      } catch (error) {
        const { status, code, message } = error as RequestError;
        return { ...plain, status, body: JSON.stringify({ error: { code, message } }) };
      }
    },
  } as App;
  const handler = createLambda({ app, xray: () => 'Root=1-2', upload: async () => [], messages: async () => [] });
  return { requests, invoke: (event: unknown) => handler(event, { awsRequestId: 'invocation-1' }) };
}

describe('events of payload 1.0', () => {
  it('are read by their resource, so that neither a stage nor the path of a domain is in the way', async () => {
    const { requests, invoke } = adapter();
    const event = restEvent('GET', '/v1/models/digits', {}, undefined);
    await invoke({ ...event, path: '/digits-production/v1/models/digits' });
    await invoke({ ...restEvent('GET', '/v2', {}, undefined, { resource: '/v2', stage: 'live' }), path: '/base/v2' });
    await invoke({ ...event, version: '1.0', resource: '$default', path: '/v1/health' });
    expect(requests.map(({ url }) => url)).toEqual(['/v1/models/digits', '/v2', '/v1/health']);
  });

  it('have names and values encoded again that API Gateway has decoded', async () => {
    const { requests, invoke } = adapter();
    await invoke(restEvent('GET', '/v1/health?warm=true&a=b%26c&a=%C3%A9%20d'));
    expect(requests[0]?.url).toBe('/v1/health?warm=true&a=b%26c&a=%C3%A9%20d');
  });

  it('bring bytes as base64, and take text and bytes back', async () => {
    const bytes = { ...plain, headers: { 'content-type': 'application/octet-stream' }, body: Buffer.from([0, 255]) };
    const { requests, invoke } = adapter(bytes);
    const reply = await invoke(restEvent('POST', '/v1/infer', { 'Content-Type': 'a/b' }, Buffer.from([1, 254])));
    expect(await requests[0]?.read(10)).toEqual(Buffer.from([1, 254]));
    expect(requests[0]?.headers.get('content-type')).toBe('a/b');
    expect(requests[0]?.requestId).toBe('gateway-1');
    expect(reply).toMatchObject({ isBase64Encoded: true, body: 'AP8=' });
    const text = await adapter().invoke(restEvent('GET', '/v1/health'));
    expect(text).toMatchObject({ isBase64Encoded: false, body: '{"a": 1}' });
    expect([reply, text].map((one) => fromRestReply(one).status)).toEqual([200, 200]);
  });

  it('have null for what there is none of', async () => {
    const { requests, invoke } = adapter();
    await invoke({ ...restEvent('GET', '/v1/health'), headers: null, multiValueHeaders: null });
    expect(requests[0]?.headers.get('accept')).toBeNull();
    expect(await requests[0]?.read(0)).toHaveLength(0);
  });
});

describe('events of a load balancer', () => {
  it('keep their query as it came', async () => {
    const { requests, invoke } = adapter();
    await invoke(balancerEvent('GET', '/v1/health?warm=true&a=b%26c'));
    await invoke(balancerEvent('GET', '/v1/health?a=1&a=%C3%A9', { many: true }));
    expect(requests.map(({ url }) => url)).toEqual(['/v1/health?warm=true&a=b%26c', '/v1/health?a=1&a=%C3%A9']);
  });

  it('are answered in the form in which their headers came', async () => {
    const headers = { cookie: 'a=1', accept: 'x/y' };
    const { requests, invoke } = adapter();
    expect(await invoke(balancerEvent('GET', '/v1/health', { headers, many: true }))).toEqual({
      ...{ statusCode: 200, body: '{"a": 1}', isBase64Encoded: false },
      multiValueHeaders: { 'content-type': ['application/json'] },
    });
    expect(requests[0]?.headers.get('cookie')).toBe('a=1');
    expect(await invoke(balancerEvent('GET', '/v1/health', { headers }))).toMatchObject({
      headers: { 'content-type': 'application/json' },
    });
  });

  it('that look whether the target is healthy cost no line of the log, wherever they look', async () => {
    const { requests, invoke } = adapter();
    const headers = { 'user-agent': 'ELB-HealthChecker/2.0' };
    await invoke(balancerEvent('GET', '/', { headers }));
    await invoke(balancerEvent('GET', '/', { headers, many: true }));
    expect(requests).toMatchObject(Array.from({ length: 2 }, () => ({ url: '/v1/health', quiet: true })));
  });

  it('are refused answers above 1 MB by the function, which a REST API takes', async () => {
    const large = { ...plain, body: 'a'.repeat(1_000_001) };
    const refused = await adapter(large).invoke(balancerEvent('GET', '/v1/health'));
    expect(refused).toMatchObject({ statusCode: 413, body: expect.stringContaining('answer-too-large') });
    expect(await adapter(large).invoke(restEvent('GET', '/v1/health'))).toMatchObject({ statusCode: 200 });
  });
});

describe('invocations without a gateway', () => {
  const refusal = (status: number, code: string) =>
    adapter({ ...plain, status, body: JSON.stringify({ error: { code, message: 'why' } }) });

  it('are answered by the object itself, and what is wrong with them by an error in it', async () => {
    const { requests, invoke } = adapter();
    expect(await invoke({ inputs: [1], outputs: ['y'] })).toEqual({ a: 1 });
    expect(requests[0]).toMatchObject({ method: 'POST', url: '/v1/infer', requestId: 'invocation-1' });
    expect(requests[0]?.headers.get('x-amzn-trace-id')).toBe('Root=1-2');
    expect(String(await requests[0]?.read(100))).toBe('{"inputs":[1],"outputs":["y"]}');
    await expect(requests[0]?.read(10)).rejects.toMatchObject({ status: 413 });
    expect(await refusal(400, 'bad-input').invoke({ inputs: 1 })).toEqual({
      error: { code: 'bad-input', message: 'why' },
    });
  });

  it('fail by the code of what failed, for those who retry and catch by name', async () => {
    const failed = refusal(503, 'store-unavailable').invoke({ inputs: 1 });
    await expect(failed).rejects.toMatchObject({ name: 'store-unavailable', message: 'why' });
  });

  it('are refused answers that an invocation does not carry', async () => {
    const large = { ...plain, body: JSON.stringify({ outputs: 'a'.repeat(6 * 1024 * 1024) }) };
    expect(await adapter(large).invoke({ inputs: 1 })).toMatchObject({ error: { code: 'answer-too-large' } });
  });
});
