import { afterAll, describe, expect, it } from 'vitest';
import type { WireSize } from '../../../src/optimize/jobs.ts';
import { checkLimits } from '../../../src/steps/source/sample-limits.ts';
import { TargetFile } from '../../config/target-file.ts';

const file = new TargetFile();
afterAll(() => file.remove());

const lambda = ['provider: aws-lambda', 'region: eu-west-1', 'role: arn:aws:iam::123456789012:role/coldgate'];
const run = [
  'provider: google-cloud-run',
  'project: acme-prod',
  'region: europe-west1',
  'service-account: digits@acme-prod.iam.gserviceaccount.com',
];
const azure = [
  'provider: azure-functions',
  'subscription: 00000000-0000-0000-0000-000000000001',
  'resource-group: models',
  'location: westeurope',
  'storage-account: coldgatetest',
];
const httpApi = [...lambda, 'endpoint: http-api'];
const streamed = [...lambda, 'response-stream: true'];
const apiGateway = [...run, 'gateway: { auth: api-key }'];
const apim = [...azure, 'gateway: { service: acme-apim }'];

const mebibyte = 2 ** 20;
type Size = number | WireSize;
const stores: Record<string, string> = { 'aws-lambda': 's3', 'google-cloud-run': 'gs' };

/** What is said of a sample of such sizes in MiB; one number is for JSON and for bytes. */
async function output(target: readonly string[], sizes: { request?: Size; answer?: Size }) {
  const provider = target[0]?.slice('provider: '.length) ?? '';
  const scheme = stores[provider];
  const config = await file.load({ target, store: scheme ? `${scheme}://acme/models` : 'azure://acme/models/m' });
  const [model] = Object.values(config.models);
  const entry = { ...model!, handler: { ...model!.handler, maxPayloadKb: 2 ** 20 } };
  const wire = (size: Size = 0) => {
    const { json, binary } = typeof size === 'number' ? { json: size, binary: size } : size;
    return { json: json * mebibyte, binary: binary * mebibyte };
  };
  return checkLimits(config, entry, { bytes: { request: wire(sizes.request), answer: wire(sizes.answer) }, runMs: 1 });
}

/** The largest request, and the largest answer, that gets through; MiB, a little less than the limit. */
const carriers: [what: string, target: readonly string[], request: number, answer: number][] = [
  ['a function URL', lambda, 5.8, 5.8],
  ['a streamed function URL', streamed, 5.8, 199],
  // Its own 10 MB are above what the function takes.
  ['an HTTP API', httpApi, 5.8, 5.8],
  ['a REST API', [...lambda, 'endpoint: rest-api'], 4.4, 5.8],
  ['Cloud Run', run, 31.9, 31.9],
  ['API Gateway in front of Cloud Run', apiGateway, 31.9, 31.9],
  ['Azure Functions', azure, 99.9, 4096],
  // It takes 1 GiB in every tier, and passes it on.
  ['API Management in front of Azure Functions', apim, 99.9, 4096],
];

describe('what carries requests and answers', () => {
  it.each(carriers)('lets through what %s takes', async (_what, target, request, answer) => {
    expect(await output(target, { request, answer })).toEqual({ problems: [], notes: [] });
  });

  it.each(carriers)('has another way named for requests above what %s takes', async (_what, target, request) => {
    const { problems, notes } = await output(target, { request: request * 1.1 });
    expect(problems).toEqual([]);
    expect(notes.join()).toMatch(/environment production.*signed URL/);
  });

  it.each([
    ['a function URL', lambda, 6.4, 'environments.production.target.response-stream'],
    ['an HTTP API', httpApi, 6.4, 'environments.production.target.endpoint'],
    ['a streamed function URL', streamed, 201, 'models.digits.sample'],
    ['Cloud Run', run, 33, 'models.digits.sample'],
    ['API Gateway in front of Cloud Run', apiGateway, 33, 'models.digits.sample'],
  ])('names the field for answers above what %s gives', async (_what, target, answer, path) => {
    expect((await output(target, { answer })).problems).toMatchObject([{ path, hint: expect.any(String) }]);
  });

  it('counts a third more for bytes on Lambda, and none where they travel as they are', async () => {
    const notesOf = async (target: readonly string[], request: Size) =>
      (await output(target, { request })).notes.join();
    expect(await notesOf(lambda, { json: 20, binary: 4.4 })).toContain('send and ask for bytes');
    expect(await notesOf(lambda, { json: 20, binary: 4.6 })).toContain('signed URL');
    expect(await notesOf(apiGateway, { json: 200, binary: 31.9 })).toContain('send and ask for bytes');
  });

  it('asks for no field where results go to a bucket', async () => {
    const { problems, notes } = await output([...lambda, 'batch: { bucket: uploads, prefix: in/ }'], { answer: 7 });
    expect([problems, notes]).toEqual([[], [expect.stringContaining('have callers upload requests')]]);
  });
});
