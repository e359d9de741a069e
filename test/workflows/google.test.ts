import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { act } from '../emulators/act.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart } from '../emulators/servers.ts';
import { push } from '../github/payloads.ts';
import { type Google, openGoogle } from '../google/google.ts';
import { runAct } from './act-run.ts';
import { callerRepository, commitAll } from './repository.ts';

/** The example's own workflow by act: bucket and functions on the stand-in for Google Cloud, processes from the real archive. */
describePart('act', whyNot(act), 'the example for Google Cloud', () => {
  const folder = callerRepository(join(import.meta.dirname, '..', '..', 'examples', 'google'));
  let google: Google;

  beforeAll(async () => {
    google = await openGoogle();
    const path = join(folder, 'models.yaml');
    const store = `store: { url: "gs://models/models", endpoint: "${google.urlOf('STORAGE')}" }`;
    const yaml = readFileSync(path, 'utf8')
      .replaceAll('store: "gs://acme-models/models"', store)
      .replaceAll('project: acme-models', `project: ${google.project.id}`)
      .replaceAll('@acme-models.iam', `@${google.project.id}.iam`);
    writeFileSync(path, yaml.replace(/slo-ms.*max-samples: 30/, 'max-samples: 7, discard: 0, min-effect-ms: 2000'));
  });
  afterAll(async () => {
    await google.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('ships on a push to main, and promotes for a tag', async () => {
    const after = commitAll(folder, 'Our own project');
    const vars = { GOOGLE_PROVIDER: 'projects/1/x', GOOGLE_SERVICE_ACCOUNT: google.pipeline };
    const run = { event: 'push', workflow: '.github/workflows/models.yml', env: google.environment, vars };
    const before = '0'.repeat(40);
    const pushed = await runAct(folder, { ...run, payload: push({ ref: 'refs/heads/main', before, after }) });
    expect(pushed.ok, pushed.text).toBe(true);
    expect(pushed.text).toContain(`would log in ${google.pipeline}`);
    expect(pushed.outputs).toMatchObject({ version: '1.0.0', verdict: 'pass', promoted: 'true' });
    const tagged = await runAct(folder, { ...run, payload: push({ ref: 'refs/tags/digits/v1.0.0', before, after }) });
    expect(tagged.ok, tagged.text).toBe(true);
    expect(tagged.outputs).toMatchObject({ version: '1.0.0', promoted: 'true' });
    expect([...google.run.services.keys()].map((name) => name.split('/').at(-1)).sort()).toEqual([
      'digits-production',
      'digits-staging',
    ]);
  });
});
