import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as sdk from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { DeployRequest, Target } from '../../../src/rollout/target.ts';
import { itOn } from '../../emulators/gaps.ts';
import { describeWith } from '../../emulators/servers.ts';
import { outcomeOf, zipOf } from '../../lambda/bench.ts';
import { lambdaOf, makeRole, openFront, requestOn, targetOn } from '../../lambda/emulator-bench.ts';

/*
 * The control plane of the driver on moto and on ministack, which others wrote from the service's documentation. A front
 * answers what runs functions and lists their URLs, and passes all other calls on. What they do not have is in
 * test/emulators/gaps.ts, and held by the stand-in (test/lambda).
 */
for (const emulator of ['moto', 'ministack'] as const)
  describeWith(emulator, `the aws-lambda target on ${emulator}`, (server) => {
    const FunctionName = `digits-${emulator}`;
    const folder = mkdtempSync(join(tmpdir(), 'coldgate-zip-'));
    let client: sdk.LambdaClient;
    let role: string;
    let target: Target;
    let close = (): void => {};
    let front: Awaited<ReturnType<typeof openFront>>;

    beforeAll(async () => {
      role = await makeRole(server());
      const models = new Map([['1.0.0', 'a'.repeat(64)]]);
      front = await openFront(server(), { models, pointer: '1.0.0', broken: new Set() });
    });
    beforeEach(async () => {
      for (const [name, value] of Object.entries({ ...server().env, AWS_ENDPOINT_URL: front.url }))
        vi.stubEnv(name, value);
      client = lambdaOf(server());
      [target, close] = await targetOn(role, {
        auth: 'none',
        endpoint: 'none',
        memory: 2048,
        tags: { team: 'vision' },
      });
    });
    afterEach(async () => {
      await outcomeOf(send(new sdk.DeleteFunctionCommand({ FunctionName })));
      client.destroy();
      close();
      vi.unstubAllEnvs();
    });
    afterAll(() => {
      front.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const request = (role: 'candidate' | 'live', text = 'export {}'): DeployRequest =>
      requestOn({ name: FunctionName, role, text, folder });
    // biome-ignore lint/suspicious/noExplicitAny: every command of the client has inputs of its own.
    const send = (command: any): Promise<any> => client.send(command);
    const works = 'export const handler = async () => ({ statusCode: 200 });';
    /** A function with a published version and an alias, by the client alone. */
    async function byHand(): Promise<{ version: string; RevisionId: string }> {
      const Code = { ZipFile: zipOf(works) };
      const basics = { FunctionName, Role: role, Runtime: 'nodejs24.x', Handler: 'lambda.handler', Code } as const;
      const Tags = { 'coldgate:function': FunctionName };
      await send(new sdk.CreateFunctionCommand({ ...basics, Tags }));
      await sdk.waitUntilFunctionActiveV2({ client, maxWaitTime: 30, minDelay: 0.1, maxDelay: 1 }, { FunctionName });
      const { Version } = await send(new sdk.PublishVersionCommand({ FunctionName }));
      const alias = await send(new sdk.CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: Version }));
      return { version: Version, RevisionId: alias.RevisionId };
    }

    it('plans, deploys, changes nothing the second time, and removes', async () => {
      expect(await target.plan(request('candidate'))).toMatchObject([{ action: 'create' }]);
      const { revision } = await target.deploy(request('candidate'));
      expect(revision).toMatchObject({ role: 'candidate', version: '1.0.0' });
      expect(await target.deploy(request('candidate'))).toEqual({ revision, changed: false });
      const { Configuration, Tags } = await send(new sdk.GetFunctionCommand({ FunctionName }));
      expect(Configuration).toMatchObject({ MemorySize: 2048, Handler: 'lambda.handler', Role: role });
      expect(Configuration.Environment.Variables).toMatchObject({ MODEL_VERSION: '1.0.0', ORT_DISABLE_TELEMETRY: '1' });
      expect(Tags).toMatchObject({ team: 'vision', 'coldgate:function': FunctionName });
      expect(await target.remove({ name: FunctionName }, 'candidates')).toMatchObject([{ action: 'delete' }]);
      expect((await send(new sdk.ListAliasesCommand({ FunctionName }))).Aliases).toEqual([]);
      expect(await target.remove({ name: FunctionName }, 'all')).toMatchObject([{ action: 'delete' }]);
      expect(await target.remove({ name: FunctionName }, 'all')).toEqual([]);
    });

    it('routes, moves the alias to another package, and back to the very version before', async () => {
      const before = (await target.route(request('live'))).revision;
      const from = (await target.route(request('live', 'export const a = 1'))).revision;
      expect(from.id).not.toBe(before.id);
      const alias = () => send(new sdk.GetAliasCommand({ FunctionName, Name: 'live' }));
      expect((await alias()).FunctionVersion).toBe(from.id);
      const restored = await target.restore(request('live'), { from, to: before });
      expect(restored).toMatchObject({ changed: true, revision: { id: before.id } });
      expect((await alias()).FunctionVersion).toBe(before.id);
    });

    it('shares the runtime in a layer, which goes with the last function', async () => {
      const [layered, end] = await targetOn(role, { auth: 'none', endpoint: 'none', 'runtime-layer': true });
      const below = request('live', 'the runtime').package;
      const from = request('live');
      const { sha256, size, path } = below;
      const requests = { ...from, package: { ...from.package, layer: { sha256, size, path } } };
      const LayerName = 'coldgate-runtime-x86_64';
      const versions = async () => (await send(new sdk.ListLayerVersionsCommand({ LayerName }))).LayerVersions;
      await layered.route(requests);
      await layered.deploy({ ...requests, role: 'candidate' });
      const [only, ...more] = await versions();
      expect([only.CompatibleRuntimes, only.CompatibleArchitectures, more]).toEqual([['nodejs24.x'], ['x86_64'], []]);
      const { Layers } = await send(new sdk.GetFunctionConfigurationCommand({ FunctionName, Qualifier: 'live' }));
      expect(Layers).toMatchObject([{ Arn: only.LayerVersionArn }]);
      await layered.remove({ name: FunctionName }, 'all');
      expect(await versions()).toEqual([]);
      end();
    });

    it('leaves variables of other hands', async () => {
      await target.deploy(request('candidate'));
      const { Environment } = await send(new sdk.GetFunctionConfigurationCommand({ FunctionName }));
      const Variables = { ...Environment.Variables, BY_HAND: 'kept' };
      await send(new sdk.UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
      await target.deploy(request('candidate', 'export const a = 1'));
      const after = await send(new sdk.GetFunctionConfigurationCommand({ FunctionName }));
      expect(after.Environment.Variables).toMatchObject({ BY_HAND: 'kept' });
    });

    it('leaves nothing of a candidate that serves something else', async () => {
      const other = { ...request('candidate'), sha256: 'b'.repeat(64) };
      await expect(target.deploy(other)).rejects.toMatchObject({ code: 'wrong-model', exit: 7 });
      const { Versions } = await send(new sdk.ListVersionsByFunctionCommand({ FunctionName }));
      expect(Versions.map(({ Version }: { Version: string }) => Version)).toEqual(['$LATEST']);
      expect((await send(new sdk.ListAliasesCommand({ FunctionName }))).Aliases).toEqual([]);
    });

    it('leaves a function alone that others have made', async () => {
      const Code = { ZipFile: zipOf('export {}') };
      const basics = { FunctionName, Role: role, Runtime: 'nodejs24.x', Handler: 'a.b', Code } as const;
      await send(new sdk.CreateFunctionCommand(basics));
      await expect(target.deploy(request('candidate'))).rejects.toMatchObject({ code: 'foreign-function', exit: 2 });
    });

    const stale = '00000000-0000-4000-8000-000000000000';
    itOn(emulator, 'refuses a stale revision id of an alias', async () => {
      const { version } = await byHand();
      const move = { FunctionName, Name: 'live', FunctionVersion: version, RevisionId: stale };
      expect(await outcomeOf(send(new sdk.UpdateAliasCommand(move)))).toBe('412 PreconditionFailedException');
    });

    itOn(emulator, 'gives an alias a new revision id with each move', async () => {
      const { version, RevisionId } = await byHand();
      const moved = await send(new sdk.UpdateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: version }));
      expect(moved.RevisionId).not.toBe(RevisionId);
    });

    itOn(emulator, 'refuses a stale revision id of a function', async () => {
      await byHand();
      const change = new sdk.UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 5, RevisionId: stale });
      expect(await outcomeOf(send(change))).toBe('412 PreconditionFailedException');
    });

    itOn(emulator, 'publishes no second version of what is published', async () => {
      const { version } = await byHand();
      expect((await send(new sdk.PublishVersionCommand({ FunctionName }))).Version).toBe(version);
    });

    itOn(emulator, 'refuses to publish other code than it was told', async () => {
      await byHand();
      const CodeSha256 = Buffer.alloc(32).toString('base64');
      const publishing = send(new sdk.PublishVersionCommand({ FunctionName, CodeSha256 }));
      expect(await outcomeOf(publishing)).toBe('400 InvalidParameterValueException');
    });

    itOn(emulator, 'lists the URLs of a function', async () => {
      await byHand();
      expect(await outcomeOf(send(new sdk.ListFunctionUrlConfigsCommand({ FunctionName })))).toBe('done');
    });

    itOn(emulator, 'points no alias to a version that is not there', async () => {
      await byHand();
      const move = new sdk.UpdateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '77' });
      expect(await outcomeOf(send(move))).toMatch(/^4/);
    });

    itOn(emulator, 'provisions nothing for $LATEST', async () => {
      await byHand();
      const requests = { FunctionName, Qualifier: '$LATEST', ProvisionedConcurrentExecutions: 1 };
      expect(await outcomeOf(send(new sdk.PutProvisionedConcurrencyConfigCommand(requests)))).toMatch(/^4/);
    });

    itOn(emulator, 'provisions instances of a version', async () => {
      const { version } = await byHand();
      const requests = { FunctionName, Qualifier: version, ProvisionedConcurrentExecutions: 1 };
      expect(await outcomeOf(send(new sdk.PutProvisionedConcurrencyConfigCommand(requests)))).toBe('done');
    });

    itOn(emulator, 'has a new function Pending first', async () => {
      const Code = { ZipFile: zipOf('export {}') };
      const basics = { FunctionName, Role: role, Runtime: 'nodejs24.x', Handler: 'lambda.handler', Code } as const;
      const { State } = await send(
        new sdk.CreateFunctionCommand({ ...basics, Tags: { 'coldgate:function': FunctionName } }),
      );
      expect(State).toBe('Pending');
    });

    itOn(emulator, 'runs what was uploaded', async () => {
      await byHand();
      const { Payload } = await send(new sdk.InvokeCommand({ FunctionName, LogType: 'Tail', Payload: '{"a":1}' }));
      expect(JSON.parse(Buffer.from(Payload).toString())).toMatchObject({ statusCode: 200 });
    });
  });
