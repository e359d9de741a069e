import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { act } from '../emulators/act.ts';
import { lambdaRic, ricFolder } from '../emulators/lambda-ric.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart, useServer, whyMissing } from '../emulators/servers.ts';
import { push } from '../github/payloads.ts';
import { ReleaseBench } from '../lambda/release-bench.ts';
import { runAct } from './act-run.ts';
import { callerRepository, commitAll } from './repository.ts';

const missing = whyNot(act) ?? whyNot(lambdaRic) ?? whyMissing('moto');

/** The example's own workflow by act: a bucket on moto, the stand-in for Lambda, functions in the real runtime client. */
describePart('act, aws-lambda-ric or moto', missing, 'the example for AWS', () => {
  const folder = callerRepository(join(import.meta.dirname, '..', '..', 'examples', 'aws'));
  let bench: ReleaseBench;
  let endpoint: string;

  beforeAll(async () => {
    ({ endpoint } = await useServer('moto'));
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new S3Client({ endpoint, forcePathStyle: true, region: 'eu-west-1', credentials });
    const Bucket = `example-${process.pid}`;
    const place = { LocationConstraint: 'eu-west-1' } as const;
    await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: place }));
    client.destroy();
    const path = join(folder, 'models.yaml');
    const store = `"s3://${Bucket}/models", endpoint: "${endpoint}"`;
    const yaml = readFileSync(path, 'utf8').replaceAll('"s3://acme-models/models"', store);
    writeFileSync(path, yaml.replace(/slo-ms.*max-samples: 30/, 'max-samples: 7, discard: 0, min-effect-ms: 2000'));
    bench = await ReleaseBench.open({ looks: 1, ric: ricFolder() });
  });
  afterAll(async () => {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('ships on a push to main, and promotes for a tag', async () => {
    const after = commitAll(folder, 'Our own bucket');
    const access = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'eu-west-1' };
    const env = { ...access, AWS_ENDPOINT_URL: bench.lambda.url, AWS_ENDPOINT_URL_S3: endpoint };
    const vars = { LAMBDA_ROLE: 'arn:aws:iam::123456789012:role/coldgate', PIPELINE_ROLE: 'arn:aws:iam::1:role/p' };
    const run = { event: 'push', workflow: '.github/workflows/models.yml', env, vars };
    const before = '0'.repeat(40);
    const pushed = await runAct(folder, { ...run, payload: push({ ref: 'refs/heads/main', before, after }) });
    expect(pushed.ok, pushed.text).toBe(true);
    expect(pushed.text).toContain(`would assume ${vars.PIPELINE_ROLE}`);
    expect(pushed.outputs).toMatchObject({ version: '1.0.0', verdict: 'pass', promoted: 'true' });
    const tagged = await runAct(folder, { ...run, payload: push({ ref: 'refs/tags/digits/v1.0.0', before, after }) });
    expect(tagged.ok, tagged.text).toBe(true);
    expect(tagged.outputs).toMatchObject({ version: '1.0.0', promoted: 'true' });
  });
});
