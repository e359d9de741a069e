import { expect, it } from 'vitest';
import { liar, useLiar } from './liar.ts';
import { whyNot } from './part.ts';
import { probeS3 } from './s3-probe.ts';
import { describePart } from './servers.ts';

describePart(liar.name, whyNot(liar), 'the liar', () => {
  it('is found out by the probe that every server must pass', async () => {
    const server = await useLiar();
    expect(await probeS3(server)).toEqual(['a create over an object that exists', 'an update with a stale ETag']);
  });
});
