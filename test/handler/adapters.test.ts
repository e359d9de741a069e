import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLambda } from '../../src/handler/aws/lambda.ts';
import { handlerContract, type OpenedHandler } from '../contracts/handler.ts';
import { HandlerChild } from '../fakes/handler-child.ts';
import { callOver } from '../fakes/handler-http.ts';
import { fromLambdaReply, lambdaEvent } from '../fakes/handler-lambda-event.ts';
import { openRuntimeApi } from '../fakes/handler-runtime-api.ts';
import { encodeModel, node, tensorType, tinyModel, tinySample, value } from '../fixtures/onnx.ts';
import { addNativeFiles, FunctionProcess } from './function-process.ts';
import { ModelStore } from './model-store.ts';
import { TestApp } from './test-app.ts';

const root = join(import.meta.dirname, '../..');
const load = (name: string): Promise<unknown> => import(pathToFileURL(join(root, 'scripts', name)).href);
const bundle = mkdtempSync(join(tmpdir(), 'coldgate-adapters-'));
const store = new ModelStore();
const variables = {
  MODEL_STORE: 'file',
  MODEL_PREFIX: store.root,
  MODEL_NAME: 'tiny',
  MODEL_CACHE: join(bundle, 'cache'),
  COLDGATE_MODELS: 'bytes,text,picky,absent',
  COLDGATE_PAGE: 'true',
  COLDGATE_MAX_PAYLOAD_KB: '64',
  COLDGATE_CORS: 'https://app.example',
};

const oneNode = (op: string, dtype: 'uint8' | 'int64' | 'string', inputs: string[], more: Uint8Array[] = []): Buffer =>
  encodeModel({
    inputs: [value('x', tensorType(dtype, ['n']))],
    outputs: [value('y', tensorType(dtype, ['n']))],
    nodes: [node(op, inputs, ['y'])],
    initializers: more,
  });

beforeAll(async () => {
  const { buildHandler } = (await load('build-handler.mjs')) as {
    buildHandler(options: { outdir: string }): Promise<void>;
  };
  await buildHandler({ outdir: bundle });
  addNativeFiles(bundle);
  const { table } = await import('../fixtures/handler-table.ts');
  const models = {
    bytes: oneNode('Identity', 'uint8', ['x']),
    text: oneNode('Identity', 'string', ['x']),
    picky: oneNode('Gather', 'int64', ['table', 'x'], [table]),
  };
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel(), sample: tinySample }));
  for (const [name, model] of Object.entries(models)) store.promote(store.publish(name, '1.0.0', { model }));
});
afterAll(() => {
  rmSync(bundle, { recursive: true, force: true });
  store.remove();
});

handlerContract('the Node adapter', async () => {
  const one = new FunctionProcess(bundle, variables);
  const { port } = await one.listening();
  return { call: callOver(port), close: async () => void (await one.stop()) };
});

handlerContract('the Lambda adapter, called with events', async () => {
  const app = new TestApp(store.root, variables);
  const lambda = createLambda({ app: app.app, xray: () => undefined, upload: async () => [] });
  return {
    call: async (...asked) => fromLambdaReply(await lambda(lambdaEvent(...asked), { awsRequestId: 'invocation-1' })),
    close: () => app.close(),
  };
});

const hosted = (host: string, entry: string) => async (): Promise<OpenedHandler> => {
  const child = new HandlerChild([join(root, 'test/fakes', host), join(bundle, entry)], variables);
  return { call: callOver(await child.port()), close: () => child.stop() };
};
handlerContract('the Google adapter in the real functions framework', hosted('handler-google-host.ts', 'google.mjs'));
handlerContract(
  'the Azure adapter in the real @azure/functions on a stand-in host',
  hosted('handler-azure-host.ts', 'azure.mjs'),
);

const { ricFolder, prepareRic } = (await load('prepare-ric.mjs')) as {
  ricFolder: string;
  prepareRic(): Promise<void>;
};
if (!existsSync(ricFolder) && process.env['COLDGATE_REQUIRE'] === 'all') await prepareRic();
if (existsSync(ricFolder)) {
  const api = await openRuntimeApi();
  const child = { one: undefined as HandlerChild | undefined };
  handlerContract('the Lambda adapter in the real aws-lambda-ric', async () => {
    child.one = new HandlerChild([join(ricFolder, 'index.mjs'), 'lambda.handler'], {
      ...variables,
      _HANDLER: 'lambda.handler',
      LAMBDA_TASK_ROOT: bundle,
      AWS_LAMBDA_RUNTIME_API: api.address,
      AWS_LAMBDA_FUNCTION_NAME: 'coldgate',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/coldgate',
      AWS_LAMBDA_LOG_STREAM_NAME: 'one',
    });
    return {
      call: async (...asked) => fromLambdaReply(await api.invoke(lambdaEvent(...asked))),
      close: async () => {},
    };
  });

  describe('the Lambda entry in the real aws-lambda-ric', () => {
    afterAll(async () => {
      await child.one?.stop();
      await api.close();
    });
    it('warms up for a ping and for a schedule', async () => {
      for (const event of [{ warm: true }, { source: 'aws.events', 'detail-type': 'Scheduled Event' }]) {
        expect(await api.invoke(event)).toMatchObject({ status: 'ok', sample: 'ok' });
      }
    });
    it('fails by name for an event that it does not know', async () => {
      await expect(api.invoke({ Records: [{ eventSource: 'aws:sqs' }] })).rejects.toMatchObject({
        errorType: 'UnknownEventError',
      });
    });
    it('writes lines that CloudWatch makes metrics of', () => {
      const lines = child.one!.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
      expect(lines.find((line) => line.cold_start === 'true')).toMatchObject({
        model: 'tiny',
        xray: expect.stringMatching(/^Root=1-/),
        model_loaded_ms: expect.any(Number),
        _aws: { CloudWatchMetrics: [{ Namespace: 'Coldgate', Dimensions: [['model', 'version', 'cold_start']] }] },
      });
    });
  });
} else {
  console.warn(
    'The real aws-lambda-ric did not run: no .cache/aws-lambda-ric (node scripts/prepare-ric.mjs builds it).',
  );
}
