import * as sdk from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientOf, outcomeOf, zipOf } from './bench.ts';
import { ServiceError, throttled } from './service-error.ts';
import { LambdaStandIn } from './stand-in.ts';

/*
 * The stand-in is no emulator and no service: it is ours. What the driver's tests prove with it is worth what it refuses,
 * so each refusal is shown here, with the official client and nothing of the driver in between.
 */
const FunctionName = 'digits';
const create = {
  FunctionName,
  Role: 'arn:aws:iam::123456789012:role/coldgate',
  Runtime: 'nodejs24.x',
  Handler: 'lambda.handler',
  Code: { ZipFile: zipOf('export {}') },
} as const;

let lambda: LambdaStandIn;
let client: sdk.LambdaClient;
// biome-ignore lint/suspicious/noExplicitAny: every command of the client has inputs of its own.
const send = (command: any): Promise<any> => client.send(command);
// biome-ignore lint/suspicious/noExplicitAny: as above.
const refused = (command: any): Promise<string> => outcomeOf(client.send(command));

beforeEach(async () => {
  lambda = await LambdaStandIn.open();
  client = clientOf(lambda);
});
afterEach(async () => {
  client.destroy();
  await lambda.close();
});

/** Looks until nothing is in the making. */
async function settle(Qualifier?: string): Promise<sdk.FunctionConfiguration> {
  for (;;) {
    const now = await send(new sdk.GetFunctionConfigurationCommand({ FunctionName, Qualifier }));
    if (now.State === 'Active' && now.LastUpdateStatus === 'Successful') return now;
  }
}

/** A function with one published version, at rest. */
async function published(): Promise<string> {
  await send(new sdk.CreateFunctionCommand(create));
  await settle();
  const { Version } = await send(new sdk.PublishVersionCommand({ FunctionName }));
  await settle(Version);
  return Version;
}

describe('states', () => {
  it('has a new function Pending first, and lets nothing be changed in it', async () => {
    const { State } = await send(new sdk.CreateFunctionCommand(create));
    expect(State).toBe('Pending');
    const changing = new sdk.UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: 512 });
    expect(await refused(changing)).toBe('409 ResourceConflictException');
    await settle();
    expect(await refused(changing)).toBe('done');
  });

  it.each([
    ['configuration', new sdk.UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: 1024 })],
    ['code', new sdk.UpdateFunctionCodeCommand({ FunctionName, ZipFile: zipOf('export const a = 1') })],
    ['publication', new sdk.PublishVersionCommand({ FunctionName })],
  ])('refuses a change of the %s while an update is in progress', async (_what, command) => {
    lambda.account.looks = 2;
    await send(new sdk.CreateFunctionCommand(create));
    await settle();
    await send(new sdk.UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: 512 }));
    expect(await refused(command)).toBe('409 ResourceConflictException');
    await settle();
    expect(await refused(command)).toBe('done');
  });

  it('does not run a version that is pending', async () => {
    await send(new sdk.CreateFunctionCommand(create));
    expect(await refused(new sdk.InvokeCommand({ FunctionName }))).toBe('409 ResourceConflictException');
  });

  it('publishes no second version of what is published, and one after any change', async () => {
    const first = await published();
    const publish = () => send(new sdk.PublishVersionCommand({ FunctionName }));
    expect((await publish()).Version).toBe(first);
    await send(new sdk.UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 9 }));
    await settle();
    expect((await publish()).Version).not.toBe(first);
  });
});

describe('revision ids', () => {
  const RevisionId = '00000000-0000-4000-8000-000000000000';
  it.each([
    ['UpdateFunctionCode', () => new sdk.UpdateFunctionCodeCommand({ FunctionName, ZipFile: zipOf('1'), RevisionId })],
    ['UpdateFunctionConfiguration', () => new sdk.UpdateFunctionConfigurationCommand({ FunctionName, RevisionId })],
    ['PublishVersion', () => new sdk.PublishVersionCommand({ FunctionName, RevisionId })],
    ['UpdateAlias', () => new sdk.UpdateAliasCommand({ FunctionName, Name: 'live', RevisionId })],
  ])('refuses a stale one at %s', async (_name, command) => {
    await send(new sdk.CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: await published() }));
    expect(await refused(command())).toBe('412 PreconditionFailedException');
  });

  it('gives an alias a new one with each move', async () => {
    const FunctionVersion = await published();
    const made = await send(new sdk.CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion }));
    const move = (id: string) =>
      new sdk.UpdateAliasCommand({ FunctionName, Name: 'live', FunctionVersion, RevisionId: id });
    expect((await send(move(made.RevisionId))).RevisionId).not.toBe(made.RevisionId);
    expect(await refused(move(made.RevisionId))).toBe('412 PreconditionFailedException');
  });

  it('refuses to publish other code than it was told', async () => {
    await published();
    const CodeSha256 = Buffer.alloc(32).toString('base64');
    const publishing = new sdk.PublishVersionCommand({ FunctionName, CodeSha256 });
    expect(await refused(publishing)).toBe('400 InvalidParameterValueException');
  });
});

describe('what exists already, or does not', () => {
  it.each([
    ['409 ResourceConflictException', 'a function', () => new sdk.CreateFunctionCommand(create)],
    [
      '409 ResourceConflictException',
      'an alias',
      () => new sdk.CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }),
    ],
    [
      '409 ResourceConflictException',
      'a URL',
      () => new sdk.CreateFunctionUrlConfigCommand({ FunctionName, Qualifier: 'live', AuthType: 'NONE' }),
    ],
    [
      '409 ResourceConflictException',
      'a named version',
      () => new sdk.DeleteFunctionCommand({ FunctionName, Qualifier: '1' }),
    ],
    [
      '404 ResourceNotFoundException',
      'no version',
      () => new sdk.UpdateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '7' }),
    ],
    ['404 ResourceNotFoundException', 'no policy', () => new sdk.GetPolicyCommand({ FunctionName, Qualifier: 'live' })],
    ['404 ResourceNotFoundException', 'no function', () => new sdk.GetFunctionCommand({ FunctionName: 'other' })],
    [
      '404 ProvisionedConcurrencyConfigNotFoundException',
      'nothing provisioned',
      () => new sdk.GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: '1' }),
    ],
  ])('answers %s at %s', async (answer, _what, command) => {
    await send(new sdk.CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: await published() }));
    await send(new sdk.CreateFunctionUrlConfigCommand({ FunctionName, Qualifier: 'live', AuthType: 'NONE' }));
    expect(await refused(command())).toBe(answer);
  });

  it('refuses a second statement of the same id', async () => {
    await send(new sdk.CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: await published() }));
    const permit = new sdk.AddPermissionCommand({
      ...{ FunctionName, Qualifier: 'live', StatementId: 'one', Action: 'lambda:InvokeFunction', Principal: '*' },
    });
    expect([await refused(permit), await refused(permit)]).toEqual(['done', '409 ResourceConflictException']);
  });
});

describe('who may', () => {
  it('names action and resource where the policy allows no such call', async () => {
    lambda.deny('lambda:PublishVersion');
    const publishing = send(new sdk.PublishVersionCommand({ FunctionName }));
    await expect(publishing).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(/lambda:PublishVersion on resource: arn:aws:lambda:\S+:function:digits/),
    });
  });

  it('takes no request without a signature', async () => {
    const { status } = await fetch(`${lambda.url}/2015-03-31/functions/digits`);
    expect(status).toBe(403);
  });

  it('opens a public URL with both permissions and not with one', async () => {
    await send(new sdk.CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: await published() }));
    const place = { FunctionName, Qualifier: 'live' };
    const { FunctionUrl } = await send(new sdk.CreateFunctionUrlConfigCommand({ ...place, AuthType: 'NONE' }));
    const forUrl = { Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' } as const;
    await send(new sdk.AddPermissionCommand({ ...place, StatementId: 'url', Principal: '*', ...forUrl }));
    expect((await fetch(FunctionUrl)).status).toBe(403);
  });
});

describe('patience', () => {
  it.each([
    ['429 TooManyRequestsException', throttled()],
    ['500 ServiceException', new ServiceError('ServiceException', 500, 'An error occurred')],
  ])('answers %s where it is told to, and does nothing', async (answer, fault) => {
    lambda.fault = () => fault;
    expect(await refused(new sdk.CreateFunctionCommand(create))).toBe(answer);
    expect(lambda.account.inventory()).toEqual([]);
  });

  it('does the call whose answer is lost', async () => {
    lambda.fault = () => 'lost';
    expect(await refused(new sdk.CreateFunctionCommand(create))).not.toBe('done');
    expect(lambda.account.inventory()).toEqual(['function digits']);
  });
});
