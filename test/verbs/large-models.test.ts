import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Logger } from '../../src/log.ts';
import { run as validate } from '../../src/verbs/validate.ts';
import { dist, testCache } from '../fakes/processes/runner.ts';
import { runInProcess } from '../fakes/registry/forged-store.ts';
import { sparseSample, writeSparseModel } from '../fixtures/external.ts';
import { contextIn } from '../gate/context.ts';

const folder = mkdtempSync(join(tmpdir(), 'coldgate-large-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const tables = 10;

const lambda = 'provider: aws-lambda, region: eu-west-1, role: "arn:aws:iam::123456789012:role/r"';
const azure =
  'provider: azure-functions, subscription: 00000000-0000-0000-0000-000000000001, resource-group: g, location: westeurope, storage-account: acct1';
const google =
  'provider: google-cloud-run, project: acme-models, region: europe-west1, service-account: run@acme-models.iam.gserviceaccount.com, upload-bucket: acme-packages';

/** models.yaml with one environment for each target; the model has 2.5 GiB in files that take no room on the disk. */
function configure(...targets: string[]): void {
  const environments = targets.map((target, at) => `  e${at}: { store: "file:store${at}", target: { ${target} } }`);
  const model = 'big: { version: 1.0.0, optimize: off, files: { model.onnx: model.onnx }, sample: sample.json }';
  writeFileSync(
    join(folder, 'models.yaml'),
    `schema: 1\nenvironments:\n${environments.join('\n')}\nmodels:\n  ${model}\n`,
  );
}
const run = (line: string) => runInProcess(folder, line.split(' '));

beforeAll(() => {
  writeSparseModel(folder, tables, 2);
  writeFileSync(join(folder, 'sample.json'), JSON.stringify(sparseSample(tables)));
});

describe('a model of 2.5 GiB', () => {
  it('is loaded and runs its sample, after a word of what that takes and how to go without', async () => {
    configure('provider: local');
    const messages: string[] = [];
    const context = contextIn(folder);
    const tools = { handlerDir: join(dist, 'handler'), cacheDir: testCache };
    const log: Logger = { ...context.log, info: (line) => void messages.push(line) };
    const { failure } = await validate(
      { config: 'models.yaml', skipRun: false, local: true },
      { ...context, ...tools, log },
    );
    expect(failure).toBeUndefined();
    expect(messages.join('\n')).toMatch(/big has 2\.68 GB: .* s and 5\.37 GB of memory here\. --skip-run/);
  });

  it('is refused for every platform that cannot hold it, by the setting that can be changed', async () => {
    configure(lambda, google, azure, `${azure}, plan: premium`, 'provider: local');
    const { exit, code, message } = await run('validate --skip-run --environment e4');
    expect([exit, code]).toEqual([2, 'model-over-capacity']);
    for (const field of ['e0.target.ephemeral-storage', 'e1.target.memory', 'e2.target.instance-memory']) {
      expect(message).toContain(`environments.${field}`);
    }
    expect(message).not.toContain('environments.e3');
    expect(await run('publish --dry-run --environment e4')).toMatchObject({ exit: 2, code: 'model-over-capacity' });
  });

  it('is taken where the settings are as the refusal says', async () => {
    configure(
      `${lambda}, ephemeral-storage: 2816`,
      `${google}, memory: 3072`,
      `${azure}, instance-memory: 4096`,
      'provider: local',
    );
    expect(await run('validate --skip-run --environment e3')).toMatchObject({ exit: 0 });
  });
});

describe('a model that no setting is enough for', () => {
  it('is refused with another way', async () => {
    rmSync(join(folder, 'model.onnx'));
    writeSparseModel(folder, 130, 2);
    configure(lambda, google, azure, 'provider: local');
    const { exit, message } = await run('validate --skip-run --environment e3');
    expect(exit).toBe(2);
    for (const words of ['Lambda has at most 10240 MB', 'Cloud Run has at most 32768', 'use plan: premium']) {
      expect(message).toContain(words);
    }
  });
});
