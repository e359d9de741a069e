import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lambdaRic, ricFolder } from '../../emulators/lambda-ric.ts';
import { whyNot } from '../../emulators/part.ts';
import { describePart, useServer, whyMissing } from '../../emulators/servers.ts';
import { tinySample } from '../../fixtures/onnx.ts';
import { ReleaseBench } from '../../lambda/release-bench.ts';

const missing = whyNot(lambdaRic) ?? whyMissing('moto');
/** A preview younger than an hour is never an orphan. */
const laterMs = 2 * 3600_000;

/*
 * What happens to pull requests and tags, by the verbs that the events run, as processes: a bucket on moto, the stand-in
 * for Lambda, functions in Lambda's real runtime client, the runtime in a layer that live and previews share.
 */
describePart('aws-lambda-ric and moto', missing, 'pull requests and tags on S3 and Lambda', () => {
  describe('beside a live function', () => {
    let bench: ReleaseBench;
    let liveUrl: string;
    let before: string[];
    beforeAll(async () => {
      const { endpoint } = await useServer('moto');
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
      const client = new S3Client({ endpoint, forcePathStyle: true, region: 'eu-west-1', credentials });
      const Bucket = `previews-${process.pid}`;
      const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' } as const;
      await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
      client.destroy();
      const yaml = `{ url: "s3://${Bucket}/models", region: eu-west-1, endpoint: "${endpoint}" }`;
      const store = { yaml, env: { AWS_ENDPOINT_URL_S3: endpoint } };
      bench = await ReleaseBench.open({ looks: 0, ric: ricFolder(), store });
      bench.target = 'auth: none, runtime-layer: true';
      bench.release({});
      liveUrl = (await json('ship'))['endpoint-url'];
      before = present();
    });
    afterAll(() => bench.close());

    const json = async (...args: string[]) => {
      const { exit, stdout, stderr } = await bench.run([...args, '--json']);
      if (exit !== 0) throw new Error(`${args.join(' ')} ended with ${exit}:\n${stderr}`);
      return JSON.parse(stdout);
    };
    /** All but logs, which stay until their days are over. */
    const present = () => bench.inventory().filter((line) => !line.startsWith('log group'));
    const candidatesOf = (name: string) => [...bench.lambda.account.find(name).aliases.keys()];
    const servedBy = async (url: string) => {
      const body = JSON.stringify({ inputs: tinySample.inputs });
      const headers = { 'content-type': 'application/json' };
      const reply = await fetch(`${url}/v1/infer`, { method: 'POST', body, headers });
      return [reply.status, reply.headers.get('x-coldgate-version')];
    };
    const preview = (number: string, sha: string) => json('preview', '--pull-request', number, '--sha', sha);

    it('shows a pull request at an address of its own, on the layer that is there', async () => {
      bench.release({ version: '1.1.0', bias: 0.25 });
      const opened = await preview('12', '1a2b3c4d');
      expect(opened).toMatchObject({ version: '1.1.0-pr.12.1a2b3c4', verdict: 'pass' });
      expect(await servedBy(opened['endpoint-url'])).toEqual([200, '1.1.0-pr.12.1a2b3c4']);
      expect(await servedBy(liveUrl)).toEqual([200, '1.0.0']);
      expect(present().filter((line) => line.startsWith('layer'))).toHaveLength(1);
    });

    it('has the next commit take its place', async () => {
      bench.release({ version: '1.1.0', bias: 0.125 });
      const updated = await preview('12', '2b3c4d5e');
      expect(await servedBy(updated['endpoint-url'])).toEqual([200, '1.1.0-pr.12.2b3c4d5']);
      expect(candidatesOf('digits-pr-12')).toEqual(['candidate-1_1_0-pr_12_2b3c4d5']);
    });

    it('leaves nothing of it when it is closed, and closing again changes nothing', async () => {
      const closed = await json('destroy', '--preview', '12');
      expect(closed.pruned).toEqual(['1.1.0-pr.12.2b3c4d5']);
      expect(present()).toEqual(before);
      bench.lambda.take();
      await json('destroy', '--preview', '12');
      expect(bench.lambda.take().mutating).toEqual([]);
    });

    it('promotes the version of a tag, once it is published', async () => {
      bench.release({ version: '1.1.0', bias: 0.25 });
      await json('publish');
      const released = await json('release', '--version', '1.1.0');
      expect(released).toMatchObject({ promoted: true, version: '1.1.0', sequence: 2 });
      expect(await servedBy(liveUrl)).toEqual([200, '1.1.0']);
      expect(present().filter((line) => /candidate|sample/.test(line))).toEqual([]);
    });

    it('sweeps a preview whose pull request was closed unnoticed, and nothing that is open or live', async () => {
      const live = present();
      bench.release({ version: '1.2.0', bias: 0.125 });
      await preview('13', '3c4d5e6f');
      await preview('14', '4d5e6f70');
      bench.env = { CLOCK_AHEAD_MS: String(laterMs) };
      await json('sweep', '--open', '14');
      expect([...bench.lambda.account.functions.keys()].sort()).toEqual(['digits-local', 'digits-pr-14']);
      await json('sweep', '--open', 'none');
      bench.env = {};
      expect(present()).toEqual(live);
      expect(await servedBy(liveUrl)).toEqual([200, '1.1.0']);
    });
  });
});
