import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { handlerContract } from '../../contracts/handler.ts';
import { lambdaRic, ricFolder } from '../../emulators/lambda-ric.ts';
import { whyNot } from '../../emulators/part.ts';
import { describePart } from '../../emulators/servers.ts';
import { HandlerChild } from '../../fakes/handler/child.ts';
import { fromLambdaReply, fromRestReply, lambdaEvent, restEvent } from '../../fakes/handler/lambda-event.ts';
import { etagOf, openObjectsFake } from '../../fakes/handler/objects.ts';
import { openRuntimeApi, StreamedReply } from '../../fakes/handler/runtime-api.ts';
import { openAdapterBed } from './adapter-bed.ts';

const missing = whyNot(lambdaRic);
const { bundle, variables, remove } = await openAdapterBed();
const bucket = await openObjectsFake();
afterAll(async () => {
  remove();
  await bucket.close();
});

/** A function in the real runtime interface client, on a Runtime API of its own. */
async function open(
  handler: string,
  more: Record<string, string> = {},
): Promise<{ api: Awaited<ReturnType<typeof openRuntimeApi>>; child: HandlerChild }> {
  const api = await openRuntimeApi();
  const child = new HandlerChild([join(ricFolder(), 'index.mjs'), handler], {
    ...variables,
    ...more,
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: bundle,
    AWS_LAMBDA_RUNTIME_API: api.address,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: 'coldgate',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/coldgate',
    AWS_LAMBDA_LOG_STREAM_NAME: 'one',
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    AWS_ENDPOINT_URL_S3: bucket.endpoint,
  });
  return { api, child };
}

if (!missing) {
  const { api, child } = await open('lambda.handler');
  handlerContract('the Lambda adapter in the real aws-lambda-ric', async () => ({
    call: async (...requests) => fromLambdaReply(await api.invoke(lambdaEvent(...requests))),
    close: async () => {},
  }));
  const rest = await open('lambda.handler');
  handlerContract('the Lambda adapter behind a REST API, in the real aws-lambda-ric', async () => ({
    call: async (...requests) => fromRestReply(await rest.api.invoke(restEvent(...requests))),
    close: async () => {
      await rest.child.stop();
      await rest.api.close();
    },
  }));

  const streaming = await open('lambda.handler', { COLDGATE_RESPONSE_STREAM: 'true', COLDGATE_MAX_PAYLOAD_KB: '5000' });
  const streamed = async (...requests: Parameters<typeof lambdaEvent>): Promise<StreamedReply> =>
    (await streaming.api.invoke(lambdaEvent(...requests))) as StreamedReply;
  const small = await open('lambda.handler', { COLDGATE_RESPONSE_STREAM: 'true' });
  handlerContract('the Lambda adapter that streams, in the real aws-lambda-ric', async () => ({
    call: async (...requests) => (await small.api.invoke(lambdaEvent(...requests))) as StreamedReply,
    close: async () => {
      await small.child.stop();
      await small.api.close();
    },
  }));

  describe('the Lambda entry that streams', () => {
    afterAll(async () => {
      await streaming.child.stop();
      await streaming.api.close();
    });
    const octets = { 'content-type': 'application/octet-stream' };

    it('answers more than the 6 MB of an invocation, as bytes and as text', async () => {
      const body = Buffer.alloc(4_000_000, 200);
      const reply = await streamed('POST', '/v1/models/bytes/infer', { ...octets, accept: 'application/json' }, body);
      expect(reply).toBeInstanceOf(StreamedReply);
      expect(reply.status).toBe(200);
      expect(JSON.parse(reply.body.toString()).outputs.y.data).toHaveLength(4_000_000);
      expect(reply.body.byteLength).toBeGreaterThan(12_000_000);
      const bytes = await streamed('POST', '/v1/models/bytes/infer', octets, body);
      expect([bytes.body.equals(body), bytes.headers['x-tensor-shape']]).toEqual([true, '4000000']);
    });

    it('answers what does not come over a URL as before', async () => {
      expect(await streaming.api.invoke({ warm: true })).toMatchObject({ status: 'ok', sample: 'ok' });
      const { requestContext, ...event } = lambdaEvent('GET', '/v1/health') as { requestContext: object };
      const own = { ...event, requestContext: { ...requestContext, domainName: undefined } };
      expect(fromLambdaReply(await streaming.api.invoke(own)).status).toBe(200);
    });

    it('fails by name for an event that it does not know', async () => {
      const unknown = streaming.api.invoke({ Records: [{ eventSource: 'aws:sqs' }] });
      await expect(unknown).rejects.toMatchObject({ errorType: 'UnknownEventError' });
    });
  });

  describe('the Lambda entry in the real aws-lambda-ric', () => {
    afterAll(async () => {
      await child.stop();
      await api.close();
    });

    it('warms up for a ping and for a schedule', async () => {
      for (const event of [{ warm: true }, { source: 'aws.events', 'detail-type': 'Scheduled Event' }]) {
        expect(await api.invoke(event)).toMatchObject({ status: 'ok', sample: 'ok' });
      }
    });

    it('answers an invocation without a gateway by the outputs themselves, and what is wrong with it by an error', async () => {
      expect(await api.invoke({ inputs: { x: [[1, 2]] } })).toMatchObject({ outputs: { y: [[5.5, 1]] } });
      expect(await api.invoke({ inputs: { x: 'a' } })).toMatchObject({ error: { code: 'bad-input' } });
    });

    it('ignores the event by which S3 tries out a notification', async () => {
      const trial = { Service: 'Amazon S3', Event: 's3:TestEvent', Time: '2026-01-01T00:00:00.000Z', Bucket: 'b' };
      expect(await api.invoke(trial)).toEqual({ status: 'ignored', event: 's3:TestEvent' });
    });

    it('answers an upload with results beside it, once, and reports bad lines in their place', async () => {
      const lines = '{"inputs":[[1,2]]}\nno json\n{"inputs":[[1]]}\n';
      bucket.objects.set('/b/in/a b.jsonl', Buffer.from(lines));
      const eTag = etagOf(Buffer.from(lines));
      const s3 = { bucket: { name: 'b' }, object: { key: 'in/a+b.jsonl', eTag, size: lines.length } };
      const event = {
        Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', awsRegion: 'eu-west-1', s3 }],
      };
      const output = `results/in/a b.${eTag.slice(0, 12)}.jsonl`;
      expect(await api.invoke(event)).toEqual([
        { input: 'in/a b.jsonl', output, status: 'written', lines: 3, failed: 2 },
      ]);
      const results = bucket.objects.get(`/b/${output}`)!.toString().trimEnd().split('\n');
      expect(results.map((line) => JSON.parse(line))).toMatchObject([
        { line: 1, outputs: { y: [[5.5, 1]] } },
        { line: 2, error: { code: 'bad-json' } },
        { line: 3, error: { code: 'bad-input' } },
      ]);
      expect(await api.invoke(event)).toMatchObject([{ status: 'done-before' }]);
      const puts = bucket.requests.filter(({ method }) => method === 'PUT');
      expect(puts).toMatchObject([{ headers: { 'if-none-match': '*', 'x-amz-security-token': 'token' } }]);
    });

    it('fails by name for an event that it does not know', async () => {
      await expect(api.invoke({ Records: [{ eventSource: 'aws:sqs' }] })).rejects.toMatchObject({
        errorType: 'UnknownEventError',
      });
    });

    it('writes lines that CloudWatch makes metrics of', () => {
      const lines = child.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
      expect(lines.find((line) => line.cold_start === 'true')).toMatchObject({
        model: 'tiny',
        xray: expect.stringMatching(/^Root=1-/),
        model_loaded_ms: expect.any(Number),
        _aws: { CloudWatchMetrics: [{ Namespace: 'Coldgate', Dimensions: [['model', 'version', 'cold_start']] }] },
      });
      expect(child.errors).toEqual([]);
    });

    it('is not refused for its parameters, as one that declares a third is', async () => {
      writeFileSync(join(bundle, 'three.mjs'), 'export const handler = async (event, context, callback) => event;\n');
      const other = await open('three.handler');
      const refused = other.api.invoke({});
      await expect(refused).rejects.toMatchObject({ errorType: 'Runtime.CallbackHandlerDeprecated' });
      await other.child.stop();
      await other.api.close();
    });
  });
} else {
  describePart(lambdaRic.name, missing, 'the Lambda adapter in the real aws-lambda-ric', () => {});
}
