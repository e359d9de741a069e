import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runNode } from '../fakes/processes/runner.ts';

const root = join(import.meta.dirname, '..', '..');
const script = `
  const { useProxies } = await import(${JSON.stringify(join(root, 'src/proxy.ts'))});
  useProxies(process.env);
  const { openStore } = await import(${JSON.stringify(join(root, 'src/stores/open.ts'))});
  for (const settings of [
    { url: 's3://bucket', endpoint: 'https://store.test' },
    { url: 'gs://bucket', endpoint: 'https://store.test' },
    { url: 'azure://store/container' },
  ]) {
    const { message, hint } = await (await openStore(settings)).head('key').catch((error) => error);
    console.log(JSON.stringify({ store: settings.url, message, hint }));
  }
  process.exit(0);
`;

it('a proxy that does not run is named, without its password, by every driver', async () => {
  const key = Buffer.from('key').toString('base64');
  const { stdout, stderr } = await runNode(['--input-type=module', '-e', script], root, {
    ...{
      HTTP_PROXY: 'http://ann:hunter22@127.0.0.1:9',
      HTTPS_PROXY: 'http://ann:hunter22@127.0.0.1:9',
      NO_PROXY: 'none.test',
    },
    ...{ AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y', AWS_REGION: 'eu-west-1', AWS_MAX_ATTEMPTS: '1' },
    ...{ STORAGE_EMULATOR_HOST: 'https://store.test' },
    AZURE_STORAGE_CONNECTION_STRING: `AccountName=store;AccountKey=${key};DefaultEndpointsProtocol=https;EndpointSuffix=core.windows.net`,
  });
  const lines = stdout.trim().split('\n');
  expect(lines.length, stderr).toBe(3);
  for (const line of lines) {
    expect(line).toContain('HTTPS_PROXY (127.0.0.1:9)');
    expect(line).not.toContain('hunter22');
  }
});
