import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, it, vi } from 'vitest';
import { checkCredentialWords } from '../../src/credential-words.ts';
import type { Context } from '../../src/steps/verb.ts';
import { openStore } from '../../src/stores/open.ts';
import { run as event } from '../../src/verbs/event.ts';
import { run as status } from '../../src/verbs/status.ts';
import { goodFiles } from '../fixtures/bad-input.ts';
import { expectExplained, odd, richConfig, times, work } from '../fixtures/explained.ts';
import { layOut } from '../fixtures/lay-out.ts';
import { contextIn } from '../gate/context.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coldgate-fuzz-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const context = (env: Record<string, string> = {}): Context => ({ ...contextIn(folder), env });

describe('variables that a user sets', () => {
  beforeEach(() => layOut(folder, { files: { ...goodFiles(), 'models.yaml': richConfig } }));

  it('are never an unexpected failure of a verb that opens a store', async () => {
    const names = [
      ...[
        'GITHUB_EVENT_NAME',
        'GITHUB_EVENT_PATH',
        'GITHUB_REPOSITORY',
        'GITHUB_SHA',
        'GITHUB_RUN_ID',
        'GITHUB_SERVER_URL',
      ],
      ...[
        'COLDGATE_CACHE',
        'MODEL_STORE',
        'AWS_ACCESS_KEY_ID',
        'AWS_REGION',
        'RUNNER_TEMP',
        'RUNNER_TOOL_CACHE',
        'HOME',
        'HTTP_PROXY',
      ],
    ];
    const values = fc.dictionary(
      fc.constantFrom(...names),
      fc.constantFrom(...odd.filter((text) => text.length < 100)),
      { maxKeys: 4 },
    );
    await fc.assert(
      fc.asyncProperty(values, async (env) => {
        const variables = JSON.stringify(env);
        await expectExplained(variables, () => status({ ...work, environment: 'local' }, context(env)));
        await expectExplained(variables, () => event(work, context(env)));
      }),
      times(120),
    );
  });

  it('are never an unexpected failure of a driver that is opened', async () => {
    const stores = [{ url: 's3://bucket/x' }, { url: 'gs://bucket/x' }, { url: 'azure://account/container' }];
    const names = [
      ...[
        'AWS_REGION',
        'AWS_PROFILE',
        'AWS_CONFIG_FILE',
        'AWS_SHARED_CREDENTIALS_FILE',
        'AWS_ENDPOINT_URL',
        'AWS_ENDPOINT_URL_S3',
      ],
      ...[
        'AWS_MAX_ATTEMPTS',
        'AWS_RETRY_MODE',
        'AWS_DEFAULTS_MODE',
        'AWS_USE_FIPS_ENDPOINT',
        'AWS_USE_DUALSTACK_ENDPOINT',
      ],
      ...[
        'STORAGE_EMULATOR_HOST',
        'GOOGLE_APPLICATION_CREDENTIALS',
        'GOOGLE_CLOUD_PROJECT',
        'GOOGLE_CLOUD_UNIVERSE_DOMAIN',
      ],
      ...[
        'AZURE_STORAGE_CONNECTION_STRING',
        'AZURE_CLIENT_ID',
        'AZURE_TENANT_ID',
        'AZURE_AUTHORITY_HOST',
        'HTTPS_PROXY',
        'ALL_PROXY',
      ],
    ];
    const texts = [
      ...odd,
      'http://127.0.0.1:1',
      'AccountName=account;AccountKey=x',
      folder,
      'https://a b',
      'UseDevelopmentStorage=true',
    ];
    const values = fc.dictionary(fc.constantFrom(...names), fc.constantFrom(...texts.filter((t) => t.length < 100)), {
      maxKeys: 3,
      minKeys: 1,
    });
    await fc.assert(
      fc.asyncProperty(values, fc.constantFrom(...stores), async (env, settings) => {
        for (const [name, text] of Object.entries(env)) vi.stubEnv(name, text.replaceAll('\0', ''));
        try {
          await expectExplained(`${settings.url} ${JSON.stringify(env)}`, async () => {
            // What every verb does first.
            checkCredentialWords([settings.url.split(':')[0] ?? ''], process.env);
            await openStore(settings);
          });
        } finally {
          vi.unstubAllEnvs();
        }
      }),
      times(120),
    );
  });
});
