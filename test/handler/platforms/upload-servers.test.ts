import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openObjects } from '../../../src/handler/objects/s3.ts';
import { createUpload } from '../../../src/handler/platforms/aws/upload.ts';
import { describeWith } from '../../emulators/servers.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const store = new ModelStore();
let app: TestApp;
beforeAll(() => {
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel() }));
  app = new TestApp(store.root);
});
afterAll(async () => {
  await app.close();
  store.remove();
});

// moto judges conditions as S3 does; radosgw also checks signatures.
for (const name of ['moto', 'radosgw'] as const) {
  describeWith(name, `uploads on ${name}`, (server) => {
    const bucket = `uploads-${process.pid}`;
    let client: S3Client;
    let upload: ReturnType<typeof createUpload>;
    beforeAll(async () => {
      const { endpoint, env } = server();
      const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = env;
      client = new S3Client({
        endpoint,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey },
        requestChecksumCalculation: 'WHEN_REQUIRED',
      });
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      upload = uploadWith(env);
    });
    afterAll(() => client?.destroy());

    const uploadWith = (variables: Record<string, string>): typeof upload =>
      createUpload({
        app: app.app,
        objects: async () => openObjects(variables),
        write: () => {},
        variables,
        limit: 4096,
      });
    /** Puts a file there, and answers the event that S3 would send. */
    const put = async (key: string, lines: string[]) => {
      const { ETag } = await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: lines.join('\n') }));
      const coded = encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
      return {
        eventSource: 'aws:s3' as const,
        eventName: 'ObjectCreated:Put',
        awsRegion: 'us-east-1',
        s3: { bucket: { name: bucket }, object: { key: coded, eTag: ETag!.replaceAll('"', '') } },
      };
    };
    const read = async (key: string): Promise<string> =>
      (await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))).Body!.transformToString();
    const keys = async (): Promise<string[]> =>
      ((await client.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(({ Key }) => Key!);

    it('are answered line by line, under whatever key', async () => {
      const event = await put("in/ä b+c (1)'!.jsonl", ['{"inputs":[[1,2]]}', 'no json', '{"inputs":[[3,4]]}']);
      const [result] = await upload([event]);
      expect(result).toMatchObject({ status: 'written', lines: 3 });
      expect(
        (await read(result!.output!))
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).toMatchObject([
        { line: 1, outputs: { y: [[5.5, 1]] } },
        { line: 2, error: { code: 'bad-json' } },
        { line: 3, outputs: { y: [[11.5, 1]] } },
      ]);
    });

    it('have one result, whoever else writes it first', async () => {
      const event = await put('in/race.jsonl', ['{"inputs":[[1,2]]}']);
      const results = await Promise.all(Array.from({ length: 4 }, () => upload([event])));
      const statuses = results.map(([one]) => one!.status);
      expect(statuses.filter((status) => status === 'written')).toHaveLength(1);
      expect(statuses.filter((status) => status === 'done-before')).toHaveLength(3);
      expect((await keys()).filter((key) => key.startsWith('results/in/race.'))).toHaveLength(1);
    });

    it('that were replaced meanwhile are left to the event of the new one', async () => {
      const old = await put('in/twice.jsonl', ['{"inputs":[[1,2]]}']);
      const fresh = await put('in/twice.jsonl', ['{"inputs":[[3,4]]}']);
      expect(await upload([old])).toMatchObject([{ status: 'replaced' }]);
      const [result] = await upload([fresh]);
      expect(await read(result!.output!)).toContain('[[11.5,1]]');
    });

    if (name === 'radosgw')
      it('fail as an invocation where the credentials are none', async () => {
        const event = await put('in/denied.jsonl', ['{"inputs":[[1,2]]}']);
        const other = uploadWith({ ...server().env, AWS_SECRET_ACCESS_KEY: 'other' });
        await expect(other([event])).rejects.toMatchObject({ name: 'LoadError', code: 'store-denied' });
        expect((await keys()).filter((key) => key.includes('results/in/denied'))).toEqual([]);
      });
  });
}
