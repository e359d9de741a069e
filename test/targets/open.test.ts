import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
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

  it.each(['google-cloud-run', 'azure-functions'] as const)('says that %s is not in this build', async (provider) => {
    await expect(openTarget({ provider }, deps)).rejects.toMatchObject({
      code: 'target-not-available',
      exit: 2,
      data: { provider },
      message: expect.stringContaining(provider),
    });
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
