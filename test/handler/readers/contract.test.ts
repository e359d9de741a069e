import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openAzureReader } from '../../../src/handler/readers/azure.ts';
import { openFileReader } from '../../../src/handler/readers/file.ts';
import { openGcsReader } from '../../../src/handler/readers/gcs.ts';
import { openS3Reader } from '../../../src/handler/readers/s3.ts';
import { readSettings } from '../../../src/handler/settings.ts';
import { readerContract } from '../../contracts/reader.ts';
import { describeWith } from '../../emulators/servers.ts';
import { azureContainer, googleBucket, type ServedBucket, s3Bucket } from '../../fakes/handler/reader-servers.ts';

readerContract('the file reader', async () => {
  const root = mkdtempSync(join(tmpdir(), 'coldgate-reader-'));
  return {
    reader: openFileReader(root),
    put: async (key, bytes) => {
      const path = join(root, key);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(join(root, 'new'), bytes);
      renameSync(join(root, 'new'), path);
    },
    close: async () => rmSync(root, { recursive: true }),
  };
});

const sourceOf = ({ variables }: ServedBucket) => readSettings({ ...variables, MODEL_NAME: 'digits' }).source;

// moto judges conditions as S3 does; radosgw also checks signatures.
for (const name of ['moto', 'radosgw'] as const) {
  describeWith(name, name, (server) => {
    readerContract('the S3 reader', async (limits) => {
      const bucket = await s3Bucket(server());
      const reader = openS3Reader(sourceOf(bucket), bucket.variables, limits);
      return { reader, put: bucket.put, close: async () => {} };
    });
  });
}

// Azurite checks the signature of the account's key.
describeWith('azurite', 'azurite', (server) => {
  readerContract('the Azure reader', async (limits) => {
    const container = await azureContainer(server());
    const reader = openAzureReader(sourceOf(container), container.variables, limits);
    return { reader, put: container.put, close: async () => {} };
  });
});

describeWith('fake-gcs', 'fake-gcs-server', (server) => {
  readerContract('the GCS reader', async (limits) => {
    const bucket = await googleBucket(server());
    const reader = openGcsReader(sourceOf(bucket), bucket.variables, limits);
    return { reader, put: bucket.put, close: async () => {} };
  });
});
