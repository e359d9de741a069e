import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { StoreSettings } from '../../src/config/types.ts';
import { act } from '../emulators/act.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart, type ServerName, useServer, whyMissing } from '../emulators/servers.ts';
import { azuriteContainer } from '../fakes/stores/azurite.ts';
import { type ActRun, runAct } from './act-run.ts';
import { callerRepository, commitAll, workflowsOf } from './repository.ts';

const examples = join(import.meta.dirname, '..', '..', 'examples');
const names = readdirSync(examples);
const environment = { LAMBDA_ROLE: 'arn:aws:iam::123456789012:role/digits' };

describe('the examples', () => {
  it.each(names)('%s has a configuration that holds', async (name) => {
    const config = await loadConfig(join(examples, name, 'models.yaml'), environment, { checkFiles: true });
    expect(Object.keys(config.environments)).toContain('production');
  });

  it('pin Coldgate to one commit', () => {
    const texts = names.flatMap((name) => workflowsOf(join(examples, name))).map((path) => readFileSync(path, 'utf8'));
    const pins = texts.flatMap((text) => [...text.matchAll(/coldgate\/coldgate[^ @]*@(\S+ # v\S+)/g)].map((m) => m[1]));
    expect(pins.length).toBeGreaterThan(3);
    expect(new Set(pins).size).toBe(1);
  });
});

const workflow = '.github/workflows/models.yml';
const push = (ref: string, after: string): ActRun => ({ event: 'push', workflow, payload: { ref, after } });

/** The workflow as it stands, on an emulator: pushed, tagged, and with a tag of another version. */
function publishesAndPromotes(example: string, server: ServerName, open: () => Promise<StoreSettings>): void {
  const missing = whyNot(act) ?? whyMissing(server);
  describePart(`act or ${server}`, missing, `the example for a ${example}`, () => {
    const folder = callerRepository(join(examples, example));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it('publishes and verifies on a push, promotes for a tag, and refuses one of another version', async () => {
      const { url, endpoint } = await open();
      const path = join(folder, 'models.yaml');
      const store = `store: { url: "${url}", endpoint: "${endpoint}" }`;
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/store: "[^"]+"/g, store));
      const sha = commitAll(folder, 'Our own store');
      const { env } = await useServer(server);
      const pushed = await runAct(folder, { ...push('refs/heads/main', sha), env });
      expect(pushed.ok, pushed.text).toBe(true);
      expect(pushed.outputs).toMatchObject({ version: '1.0.0', verified: 'true', promoted: 'true', sequence: '1' });
      const tagged = await runAct(folder, { ...push('refs/tags/digits/v1.0.0', sha), env });
      expect(tagged.ok, tagged.text).toBe(true);
      expect(tagged.outputs).toMatchObject({ published: 'false', promoted: 'true', 'previous-version': '' });
      const wrong = await runAct(folder, { ...push('refs/tags/digits/v9.0.0', sha), env });
      expect(wrong.ok).toBe(false);
      expect(wrong.steps.find(({ result }) => result === 'failure')?.step).toBe(
        'The tag names the version that models.yaml has',
      );
    });
  });
}

publishesAndPromotes('store', 'azurite', async () => (await azuriteContainer()).settings);
