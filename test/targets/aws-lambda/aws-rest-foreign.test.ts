import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { awsCli, awsCommand } from '../../../bench/aws-cli.ts';
import { type Logger, silentLogger } from '../../../src/log.ts';
import { whyNot } from '../../emulators/part.ts';
import { describePart } from '../../emulators/servers.ts';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';

const run = promisify(execFile);
const partners = { name: 'partners', rate: 50, burst: 100, quota: { limit: 1000, period: 'day' } };
const settings = {
  ...{ endpoint: 'rest-api', auth: 'none' },
  'rest-api': { plans: [{ ...partners, keys: [{ name: 'acme' }] }], cache: {} },
};

/** What Coldgate makes, as AWS's own command line finds it; and the stand-in, held to what that expects of the service. */
describePart('aws-cli', whyNot(awsCli), 'a REST API, looked at by AWS’s own command line', () => {
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
