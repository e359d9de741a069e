import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { camelKeys } from '../../src/config/camel-keys.ts';
import { targetSchema } from '../../src/config/schema/environment.ts';
import { silentLogger } from '../../src/log.ts';
import { hostPlatform, platformKey } from '../../src/package/platform.ts';
import { openTarget } from '../../src/targets/open.ts';

const deps = { log: silentLogger, stateDir: tmpdir(), now: () => new Date(), signal: new AbortController().signal };

describe('openTarget', () => {
  it('opens the local target for this machine', async () => {
    const target = await openTarget({ provider: 'local' }, deps);
    expect(target.platform).toEqual(hostPlatform());
    expect(target.key).toBe(`local-${platformKey(hostPlatform())}`);
  });

  const google = {
    ...{ provider: 'google-cloud-run', project: 'acme-models', region: 'europe-west1' },
    'service-account': 'digits@acme-models.iam.gserviceaccount.com',
  };
  const azure = {
    ...{ provider: 'azure-functions', subscription: randomUUID(), 'resource-group': 'models', location: 'westeurope' },
    'storage-account': 'acmemodels',
  };

  it('opens Cloud Run without asking anyone, with a key that tells shapes apart', async () => {
    const target = await openTarget(camelKeys(targetSchema.parse({ ...google, 'upload-bucket': 'acme' })), deps);
    expect(target.platform).toEqual({ os: 'linux', arch: 'x64' });
    expect(target.key).toBe('google-cloud-run-europe-west1-1x2048-gen2');
  });

  it('opens Flex Consumption without asking anyone, and Premium', async () => {
    const target = await openTarget(camelKeys(targetSchema.parse(azure)), deps);
    expect(target.platform).toEqual({ os: 'linux', arch: 'x64' });
    expect(target.key).toBe('azure-functions-westeurope-flex-2048');
    const premium = camelKeys(targetSchema.parse({ ...azure, plan: 'premium' }));
    expect((await openTarget(premium, deps)).key).toBe('azure-functions-westeurope-premium-ep1');
  });
});

describe('hostPlatform', () => {
  it('names what can run the handler', () => {
    expect(hostPlatform('linux', 'x64')).toEqual({ os: 'linux', arch: 'x64' });
    expect(hostPlatform('darwin', 'arm64')).toEqual({ os: 'darwin', arch: 'arm64' });
  });

  it.each([
    ['win32', 'x64'],
    ['darwin', 'x64'],
    ['linux', 'riscv64'],
  ])('refuses %s %s', (os, cpu) => {
    expect(() => hostPlatform(os, cpu)).toThrowError(
      expect.objectContaining({ code: 'platform-not-supported', exit: 2 }),
    );
  });
});
