import { readFileSync, writeFileSync } from 'node:fs';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { StoreSettings } from '../../../src/config/types.ts';
import { storeChecks } from '../../../src/registry/doctor/doctor.ts';
import { liar, useLiar } from '../../emulators/liar.ts';
import { whyNot } from '../../emulators/part.ts';
import { describePart, describeWith, type ServerName, useServer } from '../../emulators/servers.ts';
import { cloudEnvironment, cloudServers, cloudStore } from '../../fakes/registry/cloud.ts';
import { runJson } from '../../fakes/registry/command.ts';
import { Project } from '../../fixtures/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

/** Puts the project's only environment into this store. */
function useStore(settings: StoreSettings): void {
  const path = project.path('models.yaml');
  const store = JSON.stringify(settings);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/store: "file:store"/, `store: ${store}`));
}

interface Check {
  name: string;
  ok: boolean;
  critical: boolean;
  proved: string;
  detail: string;
}

const failed = (checks: Check[]) => checks.filter(({ ok }) => !ok).map(({ name }) => name);

describePart('the liar', whyNot(liar), 'coldgate doctor on a server that accepts every write', () => {
  it('ends with 8 and says what was seen, and promote refuses with the reason and the hint', {
    timeout: 60_000,
  }, async () => {
    const { endpoint, env } = await useLiar();
    const bucket = `doctor-${process.pid}`;
    const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
    const client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1', credentials });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    useStore({ url: `s3://${bucket}/models`, endpoint });
    const run = (...args: string[]) => runJson(args, project.folder, env);
    expect(await run('publish')).toMatchObject({ exit: 0 });
    const doctor = await run('doctor');
    expect([doctor.exit, doctor.document.healthy, doctor.document.error.code]).toEqual([8, false, 'store-not-trusted']);
    expect(failed(doctor.document.checks)).toEqual(
      expect.arrayContaining(['create-over-existing', 'stale-update', 'update-race']),
    );
    expect(doctor.stderr).toMatch(/FAILED stale-update: the object was changed from "second" to "third"/);
    const { exit, document, stderr } = await run('promote');
    expect([exit, document.error.code]).toEqual([3, 'store-not-trusted']);
    expect(document.error.message).toMatch(/failed `coldgate doctor` on .*stale-update.*Nothing is promoted there\./);
    expect(document.error.hint).toMatch(/^Use a store that honours conditional writes/);
    expect(stderr).toContain(document.error.hint);
    expect((await run('status')).document.live).toBeNull();
  });
});

for (const server of cloudServers) {
  describeWith(server, `coldgate doctor on ${server}`, () => {
    cloudEnvironment(server);

    it('prints what each check proved', async () => {
      const { env } = await useServer(server);
      useStore(await cloudStore(server));
      const { exit, document, stderr } = await runJson(['doctor'], project.folder, env);
      expect(failed(document.checks)).toEqual(gaps[server] ?? []);
      expect([exit, document.healthy]).toEqual([0, true]);
      for (const { name, proved, detail, ok } of document.checks as Check[]) {
        const line = ok ? `ok ${name}: ${proved} Seen: ${detail}.` : `FAILED ${name}: ${detail}. Wanted: ${proved}`;
        expect(stderr).toContain(line);
      }
      expect(document.checks.map(({ name }: Check) => name)).toEqual(storeChecks.map(({ name }) => name));
    });
  });
}

/** What servers here do not do that the services do: test/emulators/gaps.ts. */
const gaps: Partial<Record<ServerName, string[]>> = { radosgw: ['stale-remove'], 'fake-gcs': ['stale-remove'] };
