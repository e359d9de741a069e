import * as sdk from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf, outcomeOf, zipOf } from './bench.ts';
import { LambdaStandIn } from './stand-in.ts';

const FunctionName = 'digits';
const create: sdk.CreateFunctionCommandInput = {
  FunctionName,
  Role: 'arn:aws:iam::123456789012:role/coldgate',
  Runtime: 'nodejs24.x',
  Handler: 'lambda.handler',
  Code: { ZipFile: zipOf('export {}') },
};
const variables = (Variables: Record<string, string>) => ({ Environment: { Variables } });

/** What the stand-in for Lambda takes, with the official client. Limits: docs of Lambda, "Quotas". */
describe('limits of the stand-in', () => {
  let lambda: LambdaStandIn;
  let client: sdk.LambdaClient;
  beforeAll(async () => {
    lambda = await LambdaStandIn.open({ looks: 0 });
    client = clientOf(lambda);
    await client.send(new sdk.CreateFunctionCommand(create));
    await client.send(new sdk.PublishVersionCommand({ FunctionName }));
  });
  afterAll(async () => {
    client.destroy();
    await lambda.close();
  });
  const creating = (more: Partial<sdk.CreateFunctionCommandInput>) =>
    outcomeOf(client.send(new sdk.CreateFunctionCommand({ ...create, FunctionName: 'other', ...more })));
  const bad = '400 InvalidParameterValueException';

  it.each([
    ['a dot in the name', { FunctionName: 'digits.v1' }, bad],
    ['a name of 65 characters', { FunctionName: 'a'.repeat(65) }, bad],
    ['127 MB of memory', { MemorySize: 127 }, bad],
    ['10241 MB of memory', { MemorySize: 10_241 }, bad],
    ['901 seconds', { Timeout: 901 }, bad],
    ['511 MB of storage', { EphemeralStorage: { Size: 511 } }, bad],
    ['a description of 257 characters', { Description: 'a'.repeat(257) }, bad],
    ['a runtime that there is not', { Runtime: 'nodejs99.x' as sdk.Runtime }, bad],
    ['a reserved variable', variables({ AWS_REGION: 'x' }), bad],
    ['a variable that is no name', variables({ '1A': 'x' }), bad],
    ['4 KB of variables and more', variables({ BIG: 'x'.repeat(4096) }), bad],
    ['no zip', { Code: { ZipFile: Buffer.from('no zip') } }, bad],
    ['no code', { Code: {} }, bad],
    ['more than 250 MB unzipped', { Code: { ZipFile: zipOf('0'.repeat(262_144_001)) } }, bad],
    ['a request above 50 MB', { Code: { ZipFile: Buffer.alloc(52_428_801) } }, '413 RequestEntityTooLargeException'],
  ])('refuses %s', async (_what, input, answer) => {
    expect(await creating(input)).toBe(answer);
    expect([...lambda.account.functions.keys()]).toEqual([FunctionName]);
  });

  it.each([
    ['a member that the model does not have', { MemorySizes: 512 }],
    ['a number as text', { MemorySize: '512' }],
    ['a list for a map', { Environment: { Variables: ['A'] } }],
    ['an unknown member further down', { TracingConfig: { Mode: 'Active', Level: 1 } }],
    ['nothing of what is required', { Role: undefined }],
  ])('refuses %s, which the client would never send', async (_what, wrong) => {
    const signed = { authorization: 'AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/lambda/aws4_request, x' };
    const body = JSON.stringify({ ...create, FunctionName: 'other', Code: { ZipFile: 'UEs=' }, ...wrong });
    const reply = await fetch(`${lambda.url}/2015-03-31/functions`, { method: 'POST', headers: signed, body });
    expect([reply.status, reply.headers.get('x-amzn-errortype')]).toEqual([400, 'SerializationException']);
  });

  it.each([
    ['two further versions', { '2': 0.1, '3': 0.1 }, bad],
    ['a weight above one', { '2': 1.5 }, bad],
    ['the same version twice', { '1': 0.5 }, bad],
    ['a version that is not there', { '99': 0.5 }, '404 ResourceNotFoundException'],
  ])('refuses an alias with %s', async (_what, AdditionalVersionWeights, answer) => {
    for (const Timeout of [5, 6]) {
      await client.send(new sdk.UpdateFunctionConfigurationCommand({ FunctionName, Timeout }));
      await client.send(new sdk.PublishVersionCommand({ FunctionName }));
    }
    const RoutingConfig = { AdditionalVersionWeights };
    const alias = { FunctionName, Name: 'live', FunctionVersion: '1', RoutingConfig };
    expect(await outcomeOf(client.send(new sdk.CreateAliasCommand(alias)))).toBe(answer);
  });

  it('points no alias to $LATEST, and provisions nothing for it', async () => {
    const alias = { FunctionName, Name: 'live', FunctionVersion: '$LATEST' };
    expect(await outcomeOf(client.send(new sdk.CreateAliasCommand(alias)))).not.toBe('done');
    const provision = { FunctionName, Qualifier: '$LATEST', ProvisionedConcurrentExecutions: 1 };
    expect(await outcomeOf(client.send(new sdk.PutProvisionedConcurrencyConfigCommand(provision)))).toBe(bad);
  });

  it('gives a URL to an alias and to no version', async () => {
    const url = { FunctionName, Qualifier: '1', AuthType: 'NONE' } as const;
    expect(await outcomeOf(client.send(new sdk.CreateFunctionUrlConfigCommand(url)))).toBe(bad);
  });

  it('publishes no version beyond the quota of code storage', async () => {
    lambda.account.storageBytes = 500;
    await client.send(new sdk.UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 7 }));
    const publishing = client.send(new sdk.PublishVersionCommand({ FunctionName }));
    expect(await outcomeOf(publishing)).toBe('400 CodeStorageExceededException');
  });

  it('answers what is not made here with 501, never with a guess', async () => {
    const settings = client.send(new sdk.GetAccountSettingsCommand({}));
    expect(await outcomeOf(settings)).toMatch(/^501 /);
  });
});
