import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { awsCli, awsCommand } from '../../../bench/aws-cli.ts';
import { type Logger, silentLogger } from '../../../src/log.ts';
import { moto } from '../../emulators/moto.ts';
import { folderOf, whyNot } from '../../emulators/part.ts';
import { describePart } from '../../emulators/servers.ts';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';

const run = promisify(execFile);
const partners = { name: 'partners', rate: 50, burst: 100, quota: { limit: 1000, period: 'day' } };
const settings = {
  ...{ endpoint: 'rest-api', auth: 'none' },
  'rest-api': { plans: [{ ...partners, keys: [{ name: 'acme' }] }], cache: {} },
};

/** What someone else does by boto3: a plan of their own on our stage, a key in it, and a change. */
const boto3 = `
import boto3, json
gateway = boto3.client('apigateway')
api = gateway.get_rest_apis()['items'][0]
stage = gateway.get_stage(restApiId=api['id'], stageName='live')
ours = sorted(plan['name'] for plan in gateway.get_usage_plans()['items'])
place = {'apiId': api['id'], 'stage': stage['stageName']}
plan = gateway.create_usage_plan(name='theirs', apiStages=[place], throttle={'rateLimit': 30, 'burstLimit': 60},
    quota={'limit': 100, 'period': 'WEEK'})
key = gateway.create_api_key(name='their-key', enabled=True, value='their-key-of-twenty-characters')
gateway.create_usage_plan_key(usagePlanId=plan['id'], keyId=key['id'], keyType='API_KEY')
changed = gateway.update_usage_plan(usagePlanId=plan['id'],
    patchOperations=[{'op': 'replace', 'path': '/throttle/rateLimit', 'value': '40'}])
try:
    gateway.get_stage(restApiId=api['id'], stageName='none')
    refused = None
except gateway.exceptions.NotFoundException as error:
    refused = error.response['Error']['Code']
print(json.dumps({'api': api['name'], 'cache': stage['cacheClusterEnabled'], 'ours': ours,
    'rate': changed['throttle']['rateLimit'], 'refused': refused, 'plan': plan['id'], 'key': key['value']}))
`;

/** What Coldgate makes, as AWS's own clients find it; and the stand-in, held to what these expect of the service. */
describePart('aws-cli or moto', whyNot(awsCli) ?? whyNot(moto), 'a REST API, looked at by AWS’s own clients', () => {
  let bench: FunctionBench;
  let url: string;
  const said: string[] = [];
  const log: Logger = { ...silentLogger, info: (line) => void said.push(line) };
  const aws = async (line: string): Promise<string> => {
    const [program = '', ...words] = await awsCommand();
    const env = { ...process.env, AWS_DEFAULT_REGION: 'eu-west-1', AWS_PAGER: '' };
    return (await run(program, [...words, ...line.split(' ')], { env })).stdout.trim();
  };
  beforeAll(async () => {
    await awsCommand();
    bench = await FunctionBench.open();
    const target = await bench.target(settings, undefined, log);
    url = (await target.route(bench.request('live', '1.0.0'))).revision.url;
  }, 600_000);
  afterAll(() => bench?.close());

  it('has its key read by the command that a deploy prints', async () => {
    const [, command = ''] = /aws (apigateway get-api-key .*)$/m.exec(said.join('\n')) ?? [];
    const key = await aws(`${command} --query value --output text`);
    expect((await fetch(`${url}/v1/health`, { headers: { 'x-api-key': key } })).status).toBe(200);
  }, 120_000);

  it('is there with its stage, its plan and the marks of its function', async () => {
    const { items } = JSON.parse(await aws('apigateway get-rest-apis --output json'));
    expect(items).toMatchObject([{ name: functionName, tags: { 'coldgate:function': functionName } }]);
    const stage = JSON.parse(await aws(`apigateway get-stage --rest-api-id ${items[0].id} --stage-name live`));
    expect(stage).toMatchObject({ cacheClusterEnabled: true, cacheClusterSize: '0.5' });
    const query = `items[?name=='${functionName}-partners'].[throttle,quota]`;
    expect(JSON.parse(await aws(`apigateway get-usage-plans --output json --query ${query}`))).toEqual([
      [
        { rateLimit: 50, burstLimit: 100 },
        { limit: 1000, period: 'DAY' },
      ],
    ]);
  }, 120_000);

  it('takes a plan and a key of others by boto3, which a release leaves alone', async () => {
    const env = { ...process.env, AWS_DEFAULT_REGION: 'eu-west-1' };
    const { stdout } = await run(join(folderOf(moto), 'bin', 'python'), ['-c', boto3], { env });
    const seen = JSON.parse(stdout);
    expect(seen).toMatchObject({
      ...{ api: functionName, cache: true, rate: 40, refused: 'NotFoundException' },
      ours: [`${functionName}-coldgate`, `${functionName}-partners`],
    });
    const call = () => fetch(`${url}/v1/health`, { headers: { 'x-api-key': seen.key } });
    expect((await call()).status).toBe(200);
    const target = await bench.target({ ...settings, tracing: true }, undefined, log);
    await target.route(bench.request('live', '1.0.0'));
    expect((await call()).status).toBe(200);
    const plan = JSON.parse(await aws(`apigateway get-usage-plan --usage-plan-id ${seen.plan} --output json`));
    expect(plan).toMatchObject({ name: 'theirs', quota: { limit: 100, period: 'WEEK' } });
  }, 120_000);

  it.each([
    ['a stage twice', 'create-stage --stage-name live --deployment-id DEPLOYMENT', /ConflictException/],
    ['a deployment that a stage names', 'delete-deployment --deployment-id DEPLOYMENT', /BadRequestException/],
    ['an API that a stage is asked of which is none', 'get-stage --stage-name other', /NotFoundException/],
  ])(
    'refuses %s',
    async (_what, line, error) => {
      const [[id, api] = []] = bench.lambda.neighbours.rest.apis;
      const [deployment = ''] = api?.deployments.keys() ?? [];
      const asked = aws(`apigateway ${line.replace('DEPLOYMENT', deployment)} --rest-api-id ${id}`);
      await expect(asked).rejects.toThrow(error);
    },
    120_000,
  );
});
