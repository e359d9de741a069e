import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { BlobServiceClient } from '@azure/storage-blob';
import type { Server } from '../../emulators/server-part.ts';

/** A bucket or container of an emulator, with the variables by which the function reads it. */
export interface ServedBucket {
  variables: Record<string, string>;
  /** Writes an object below the prefix, over what is there. */
  put(key: string, bytes: Uint8Array): Promise<void>;
}

/** The prefix of all of them. */
const prefix = 'team a/models';
let made = 0;
const nextName = (): string => `readers-${process.pid}-${++made}`;

export async function s3Bucket({ endpoint, env }: Server): Promise<ServedBucket> {
  const bucket = nextName();
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = env;
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    variables: {
      MODEL_STORE: 's3',
      MODEL_BUCKET: bucket,
      MODEL_PREFIX: prefix,
      MODEL_ENDPOINT: endpoint,
      MODEL_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
    put: async (key, bytes) => {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/${key}`, Body: bytes }));
    },
  };
}

export async function azureContainer({ endpoint, env }: Server): Promise<ServedBucket> {
  const connection = env['AZURE_STORAGE_CONNECTION_STRING'] ?? '';
  const service = BlobServiceClient.fromConnectionString(connection);
  const container = service.getContainerClient(nextName());
  await container.create();
  return {
    variables: {
      MODEL_STORE: 'azure',
      MODEL_BUCKET: `${service.accountName}/${container.containerName}`,
      MODEL_PREFIX: prefix,
      MODEL_ENDPOINT: endpoint,
      AZURE_STORAGE_CONNECTION_STRING: connection,
    },
    put: async (key, bytes) => {
      await container.getBlockBlobClient(`${prefix}/${key}`).uploadData(Buffer.from(bytes));
    },
  };
}

export async function googleBucket({ endpoint }: Server): Promise<ServedBucket> {
  const bucket = nextName();
  const post = async (path: string, type: string, body: string | Uint8Array): Promise<void> => {
    const headers = { 'content-type': type };
    const answer = await fetch(`${endpoint}${path}`, { method: 'POST', headers, body: Buffer.from(body) });
    if (!answer.ok) throw new Error(`fake-gcs-server answered ${answer.status} to ${path}: ${await answer.text()}`);
  };
  await post('/storage/v1/b?project=coldgate-tests', 'application/json', JSON.stringify({ name: bucket }));
  return {
    variables: { MODEL_STORE: 'gcs', MODEL_BUCKET: bucket, MODEL_PREFIX: prefix, STORAGE_EMULATOR_HOST: endpoint },
    put: (key, bytes) => {
      const name = encodeURIComponent(`${prefix}/${key}`);
      return post(`/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${name}`, 'application/octet-stream', bytes);
    },
  };
}
