import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refused, webRefused } from '../../azure/arm-error.ts';
import { AzureBench, functionName } from '../../azure/target-bench.ts';

/* What Azure refuses, in our words; nothing half made stays. */
let bench: AzureBench;
beforeAll(async () => {
  bench = await AzureBench.open({ knobs: { looks: 0 } });
});
beforeEach(async () => {
  bench.azure.context.fault = () => undefined;
  await (await bench.target()).remove({ name: functionName }, 'all');
  bench.azure.calls();
});
afterAll(() => bench.close());

const owner = { actions: [], dataActions: ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*'] };

/** What every call through the host is answered while that cannot start, with a runtime that is not there for ever. */
const noHost = 'Encountered an error (InternalServerError) from host runtime.';

describe('a refusal of Azure', () => {
  const refusals = [
    [
      'request-refused',
      2,
      webRefused(400, 'BadRequest', 'The following site configuration property is invalid', '51021'),
    ],
    ['quota-exceeded', 8, refused(400, 'QuotaExceeded', 'This region has quota of 250 cores for your subscription.')],
    [
      'provider-not-registered',
      8,
      refused(409, 'MissingSubscriptionRegistration', "not registered for 'Microsoft.Web'"),
    ],
    ['policy-refused', 8, refused(403, 'RequestDisallowedByPolicy', 'Resource was disallowed by policy.')],
    ['no-resource-group', 2, refused(404, 'ResourceGroupNotFound', "Resource group 'models' could not be found.")],
    ['azure-conflict', 6, webRefused(409, 'Conflict', 'Website with given name digits already exists.')],
    ['host-not-running', 7, webRefused(400, 'BadRequest', noHost)],
    ['name-soft-deleted', 2, refused(409, 'Conflict', 'A site of this name is in a soft-deleted state.')],
  ] as const;

  it.each(refusals)('is %s (exit %i), and leaves nothing half made', async (code, exit, error) => {
    const target = await bench.target();
    bench.azure.context.fault = ({ method }) => (method === 'webApps_createOrUpdate' ? error : undefined);
    await expect(target.deploy(bench.request('candidate', 0))).rejects.toMatchObject({ code, exit });
    bench.azure.context.fault = () => undefined;
    expect(bench.leftovers()).toEqual([]);
  });

  it('is of what models.yaml names and is not there, before anything is made', async () => {
    const { knobs, context } = bench.azure;
    const identity = `${context.groupId('models')}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/absent`;
    const refusedAs = async (more: Record<string, unknown>, code: string) =>
      expect((await bench.target(more)).deploy(bench.request('candidate', 0))).rejects.toMatchObject({ code, exit: 2 });
    await refusedAs({ identity }, 'no-identity');
    await refusedAs({ 'storage-account': 'absent' }, 'no-storage-account');
    knobs.nodeVersions = ['20'];
    await refusedAs({}, 'no-node');
    knobs.nodeVersions = ['22', '24'];
    expect(bench.leftovers()).toEqual([]);
  });

  it('says how many instances a region takes at least', async () => {
    bench.azure.knobs.leastMaximum = 40;
    await expect(
      (await bench.target({ 'maximum-instances': 1 })).deploy(bench.request('candidate', 0)),
    ).rejects.toMatchObject({ code: 'request-refused', exit: 2, hint: expect.stringContaining('no fewer than 40') });
    bench.azure.knobs.leastMaximum = 1;
    expect(bench.leftovers()).toEqual([]);
  });

  it('is none where another deployment runs, or a role is given already under another id', async () => {
    const { context } = bench.azure;
    let [deployments, roles] = [0, 0];
    context.fault = ({ method, body }) => {
      if (method === 'scm_publish' && deployments++ === 0) return refused(409, 'Conflict', 'Deployment in progress.');
      if (method !== 'roleAssignments_create' || roles++ > 0) return undefined;
      const { principalId } = Object(body).properties;
      context.iam.grant(principalId, owner, context.groupId('models'));
      return refused(409, 'RoleAssignmentExists', 'The role assignment already exists.');
    };
    expect(await (await bench.target()).deploy(bench.request('candidate', 0))).toMatchObject({ changed: true });
    context.fault = () => undefined;
    expect(roles).toBeGreaterThan(0);
    expect(deployments).toBe(2);
  });

  it('is none of a host that starts late', async () => {
    bench.azure.knobs.functionsLag = Number.POSITIVE_INFINITY;
    let syncs = 0;
    bench.azure.context.fault = ({ method }) =>
      method === 'webApps_syncFunctions' && syncs++ === 0 ? webRefused(400, 'BadRequest', noHost) : undefined;
    expect(await (await bench.target()).deploy(bench.request('candidate', 0))).toMatchObject({ changed: true });
    bench.azure.knobs.functionsLag = 0;
    expect(syncs).toBe(2);
  });

  it('is of a deployment that fails, with its log, where the identity may not write its container', async () => {
    const identity = bench.azure.identities.create('powerless', 'models');
    const deploying = (await bench.target({ identity })).deploy(bench.request('candidate', 0));
    await expect(deploying).rejects.toMatchObject({
      code: 'publish-failed',
      exit: 7,
      data: { log: expect.any(Array) },
    });
    expect(bench.leftovers()).toEqual([]);
  });

  it('names the action that is missing', async () => {
    bench.azure.deny('Microsoft.Web/serverfarms/write');
    const target = await bench.target();
    await expect(target.deploy(bench.request('candidate', 0))).rejects.toMatchObject({
      code: 'permission-denied',
      data: { action: expect.stringMatching(/^Microsoft\.Web\/serverfarms\/write$/i) },
      message: expect.stringContaining(bench.azure.pipeline.oid),
    });
    bench.azure.allow('Microsoft.Web/serverfarms/write');
  });

  it('is of the package where it registers no function', async () => {
    const settings = { ...bench.settings, handlerVariables: { FAKE: 'registers-nothing' } };
    const stop = new AbortController();
    const target = await bench.target({}, { signal: stop.signal });
    const deploying = target.deploy({ ...bench.request('candidate', 0), settings });
    // Asked for again and again, until it is given up after minutes.
    let requests = 0;
    bench.azure.context.onDone = ({ method }) => {
      if (method === 'webApps_syncFunctions' && ++requests === 2) stop.abort(new Error('seen enough'));
    };
    await expect(deploying).rejects.toThrow('seen enough');
    bench.azure.context.onDone = () => {};
  });
});
