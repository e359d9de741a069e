import { afterAll, describe, expect, it } from 'vitest';
import { lambdaRic, ricFolder } from '../emulators/lambda-ric.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart, useServer, whyMissing } from '../emulators/servers.ts';
import { s3Bucket, s3Environment } from '../fakes/stores/s3-bucket.ts';
import { httpLambda, lambda, restLambda } from '../fixtures/iam-config.ts';
import { LambdaStandIn } from '../lambda/stand-in.ts';
import { region } from '../lambda/state.ts';
import { awsGrants, denied, type Grant, unused } from './compare.ts';
import type { Access } from './evaluate.ts';
import { callAccesses, urlAccesses } from './lambda-calls.ts';
import { iamIn, policiesOf, policySetOf } from './printed.ts';
import { RecordedProject, runEveryVerb } from './recording.ts';
import { s3Accesses } from './s3-requests.ts';

/** Grants that a run without mishaps and without a change of settings does not use, with the reason for them. */
const kept: [RegExp, string][] = [
  [/^s3:AbortMultipartUpload/, 'an upload that fails takes its parts away'],
  [/^s3:ListBucket/, 'what is missing must be told from what is denied'],
  [/^logs:/, 'the pipeline makes the log group; a function that runs before has to'],
  [/^lambda:DeleteFunctionConcurrency/, 'a cap that models.yaml no longer names is taken away'],
  [/^lambda:(?:Update|Delete)FunctionUrlConfig/, 'models.yaml changes auth or endpoint'],
  [/^lambda:RemovePermission/, 'models.yaml changes auth'],
  [/^lambda:(?:UpdateFunctionCode|UpdateAlias)/, 'a new release of Coldgate, or another setting, is put live'],
  [/^apigateway:(?:PATCH|DELETE)/, 'models.yaml changes what the API is like'],
  [/^wafv2:DisassociateWebACL/, 'models.yaml no longer names a web ACL'],
  [/^logs:\w*(?:Deliver|ResourcePolic|DescribeLogGroups)/, 'API Gateway opens the access log in the caller’s name'],
  [/^(?:cloudwatch|iam:CreateServiceLinkedRole)/, 'Application Auto Scaling does that in the caller’s name'],
  [/^lambda:DeleteProvisioned/, 'another version takes over, whose instances are then let go of'],
  [/^application-autoscaling:DeleteScheduledAction/, 'models.yaml has fewer schedules'],
  [/^(?:sqs:SetQueueAttributes|lambda:UpdateEventSourceMapping)/, 'models.yaml changes what the queue is like'],
  [/^execute-api:Invoke/, 'the live API is called'],
];

/** Where a grant of both a function and its versions is used on one of them, it is used. */
const ofFunction = (label: string): string => label.replace(/(:function:[\w*-]+):\*$/, '$1');

/** The verbs that meet functions, once each. */
async function shipOnce(recorded: RecordedProject): Promise<void> {
  recorded.release('1.0.0', 0.5);
  await recorded.run('publish');
  await recorded.run('deploy');
  await recorded.run('promote');
  await recorded.run('status');
  await recorded.run('destroy');
}

/** @param used grants that this story is about: with none given, all of them */
function tellsTheStory(target: string, story: (recorded: RecordedProject) => Promise<void>, used?: RegExp): void {
  let lambdas: LambdaStandIn;
  let recorded: RecordedProject;
  const calls = new Map<string, Access[]>();
  /** Functions are proven through their addresses, which the stand-in does not count as calls of the service. */
  const byUrl = /auth: iam|rest-api/.test(target)
    ? [...urlAccesses('digits-production', 'live'), ...urlAccesses('digits-pr-12', 'candidate-1_1_0-pr_12_1a2b3c4')]
    : [];

  afterAll(async () => {
    await recorded?.close();
    await lambdas?.close();
  });

  it('runs through the command line', async () => {
    lambdas = await LambdaStandIn.open({ ric: ricFolder() });
    const { settings } = await s3Bucket('moto');
    recorded = await RecordedProject.open(
      await useServer('moto'),
      { ...settings, region },
      { target, env: { AWS_ENDPOINT_URL: lambdas.url, AWS_ACCESS_KEY_ID: 'pipeline' } },
    );
    recorded.onRan = (verb) => {
      const accesses = lambdas.calls.splice(0).flatMap((call) => callAccesses(call));
      calls.set(verb, [...(calls.get(verb) ?? []), ...accesses]);
    };
    await story(recorded);
    expect(lambdas.account.functions.size).toBe(0);
  }, 600_000);

  const granted = async (role: 'pipeline' | 'function', verbs = ''): Promise<Grant[]> => {
    const given = { environment: 'production', role, verbs };
    return awsGrants(policiesOf(policySetOf(await iamIn(recorded.project.folder, given), role)));
  };
  const needed = (verb: string): Access[] => [
    ...(calls.get(verb) ?? []),
    ...(recorded.pipeline.get(verb) ?? []).flatMap((request) => s3Accesses(request, { region, kmsKey: undefined })),
  ];

  it('no verb asks for what it is not granted', async () => {
    for (const verb of recorded.pipeline.keys())
      expect([verb, denied(await granted('pipeline', verb), needed(verb))]).toEqual([verb, []]);
    expect(denied(await granted('pipeline', 'promote,preview'), byUrl)).toEqual([]);
  });

  it('all verbs together ask for everything that they are granted, but for mishaps and changes', async () => {
    const all = [...[...recorded.pipeline.keys()].flatMap(needed), ...byUrl];
    const patterns = kept.map(([pattern]) => pattern);
    const grants = await granted('pipeline');
    const asks = new Set(
      grants.filter((one) => all.some((access) => one.allows(access))).map((g) => ofFunction(g.label)),
    );
    if (used) expect([...asks].filter((label) => used.test(label))).not.toEqual([]);
    const surplus = unused(grants, all, patterns).filter((label) => !asks.has(ofFunction(label)));
    expect(surplus.filter((label) => !used || (used.test(label) && !/-pr-/.test(label)))).toEqual([]);
  });

  it('a verb that only looks changes nothing, and one that publishes does not look at functions', async () => {
    const looks = (await granted('pipeline', 'status')).filter(({ label }) => /^(?:lambda|apigateway|iam)/.test(label));
    for (const { label } of looks) expect(label).toMatch(/^(?:lambda:(?:Get|List)|apigateway:GET)/);
    expect((await granted('pipeline', 'publish')).filter(({ label }) => !label.startsWith('s3:'))).toEqual([]);
  });

  it('the function asks the store for nothing that it is not granted', async () => {
    const accesses = recorded.functions.flatMap((request) => s3Accesses(request, { region, kmsKey: undefined }));
    expect(accesses.length).toBeGreaterThan(0);
    expect(denied(await granted('function'), accesses)).toEqual([]);
  });
}

describePart('moto and aws-lambda-ric', whyNot(lambdaRic) ?? whyMissing('moto'), 'verbs on Lambda', () => {
  s3Environment('moto');
  describe('with signed function URLs', () => tellsTheStory(lambda('auth: iam'), runEveryVerb));
  describe('with public function URLs, a cap and tags', () =>
    tellsTheStory(
      lambda('auth: none, reserved-concurrency: 5, tags: { team: models }'),
      shipOnce,
      /^lambda:(?:AddPermission|PutFunctionConcurrency|TagResource)/,
    ));
  describe('with the runtime as a layer', () =>
    tellsTheStory(lambda('auth: none, runtime-layer: true'), shipOnce, /^lambda:(?:\w*Layer|ListFunctions)/));
  describe('with a queue', () =>
    tellsTheStory(lambda('auth: none, queue: {}'), shipOnce, /^(?:sqs:|lambda:\w*EventSource)/));
  describe('with instances that are kept warm and scaled', () =>
    tellsTheStory(
      lambda(
        'auth: none, provisioned-concurrency: 1, provisioned-scaling: { maximum: 3, schedules: [{ at: "rate(1 day)", minimum: 1, maximum: 2 }] }',
      ),
      shipOnce,
      /^(?:application-autoscaling|lambda:\w*Provisioned)/,
    ));
  describe('with a REST API, its keys, its domain and its web ACL', () =>
    tellsTheStory(restLambda, shipOnce, /^(?:apigateway|wafv2):|^lambda:(?:AddPermission|InvokeFunctionUrl)/));
  describe('with an HTTP API', () =>
    tellsTheStory(httpLambda.replace('auth: iam', 'auth: none'), shipOnce, /^apigateway:|^lambda:AddPermission/));
});
