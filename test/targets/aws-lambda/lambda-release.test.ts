import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lambdaRic, ricFolder } from '../../emulators/lambda-ric.ts';
import { whyNot } from '../../emulators/part.ts';
import { describePart, useServer, whyMissing } from '../../emulators/servers.ts';
import { tinySample } from '../../fixtures/onnx.ts';
import { ReleaseBench } from '../../lambda/release-bench.ts';

const missing = whyNot(lambdaRic) ?? whyMissing('moto');

/*
 * All of a release as a user has it: the command line as a process, a bucket on moto, the stand-in for Lambda, and the
 * uploaded zip in Lambda's real runtime client, which reads the model from the bucket.
 */
describePart('aws-lambda-ric and moto', missing, 'ship on S3 and Lambda', () => {
  describe('from nothing to a second version, back, and away', () => {
    let bench: ReleaseBench;
    beforeAll(async () => {
      const { endpoint } = await useServer('moto');
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
      const client = new S3Client({ endpoint, forcePathStyle: true, region: 'eu-west-1', credentials });
      const Bucket = `releases-${process.pid}`;
      await client.send(
        new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
      );
      client.destroy();
      const yaml = `{ url: "s3://${Bucket}/models", region: eu-west-1, endpoint: "${endpoint}" }`;
      bench = await ReleaseBench.open({
        looks: 1,
        ric: ricFolder(),
        store: { yaml, env: { AWS_ENDPOINT_URL_S3: endpoint } },
      });
    });
    afterAll(() => bench.close());

    const json = async (...args: string[]) => {
      const { exit, stdout, stderr } = await bench.run([...args, '--json']);
      if (exit !== 0) throw new Error(`${args.join(' ')} ended with ${exit}:\n${stderr}`);
      return JSON.parse(stdout);
    };
    /** What a client gets from the live endpoint. */
    const infer = async (url: string) => {
      const body = JSON.stringify({ inputs: tinySample.inputs });
      const reply = await fetch(`${url}/v1/infer`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
      return { status: reply.status, version: reply.headers.get('x-coldgate-version'), text: await reply.text() };
    };

    it('publishes, proves, measures and makes live the first version', async () => {
      const shipped = await json('ship');
      expect(shipped).toMatchObject({ promoted: true, version: '1.0.0', verdict: 'pass', sequence: 1 });
      expect(await infer(shipped['endpoint-url'])).toMatchObject({ status: 200, version: '1.0.0' });
      // Lambda's own numbers stand beside the handler's in each start.
      for (const { platform, timings } of shipped.record.samples) {
        expect(platform).toMatchObject({ init_ms: expect.any(Number), billed_ms: expect.any(Number), memory_mb: 1769 });
        expect(timings.model_loaded_ms).toBeGreaterThan(0);
      }
    });

    it('ships a second version, its tensors in another file, without uploading code, watched, and goes back', async () => {
      bench.lambda.take();
      bench.release({ version: '1.1.0', bias: 0.25, outside: true });
      const shipped = await json('ship', '--watch', '2s');
      expect(shipped).toMatchObject({ promoted: true, version: '1.1.0', sequence: 2, watch: { outcome: 'passed' } });
      expect(bench.lambda.take().mutating).not.toContain('UpdateFunctionCode');
      const second = await infer(shipped['endpoint-url']);
      expect(second).toMatchObject({ status: 200, version: '1.1.0' });
      const back = await json('rollback');
      expect(back).toMatchObject({ promoted: true, version: '1.0.0', sequence: 3 });
      const first = await infer(back['endpoint-url']);
      expect(first).toMatchObject({ status: 200, version: '1.0.0' });
      expect(first.text).not.toBe(second.text);
    });

    it('is the same again, with nothing changed', async () => {
      await json('promote', '--version', '1.1.0', '--gate', 'skip');
      bench.lambda.take();
      const shipped = await json('ship');
      expect(shipped).toMatchObject({ promoted: false, version: '1.1.0' });
      const { mutating, reading } = bench.lambda.take();
      expect(mutating).toEqual([]);
      expect(reading.length).toBeLessThanOrEqual(6);
    });

    it('goes away as a whole', async () => {
      await json('destroy');
      expect(bench.inventory().filter((line) => !line.startsWith('log group'))).toEqual([]);
    });
  });
});
