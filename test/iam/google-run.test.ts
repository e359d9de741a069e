import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNode, testCache } from '../fakes/processes/runner.ts';
import { Project } from '../fixtures/project.ts';
import { type Google, openGoogle } from '../google/google.ts';
import { denied, type Grant, unused } from './compare.ts';
import type { Access } from './evaluate.ts';
import { callAccesses, enforce, runGrants } from './google-run-calls.ts';
import { iamIn, policySetOf } from './printed.ts';

const commandLine = join(import.meta.dirname, '..', 'fakes', 'processes', 'source-cli.ts');

/**
 * What no call of a run without mishaps asks for: the address of a function, which is no API (that it is needed, `enforce`
 * shows), and a look at a trigger whose creation was not answered.
 */
const notCalled = [/^run\.routes\.invoke/, /^eventarc\.triggers\.get/];
/** All grants but those on the store, which test/iam/google.test.ts is about. */
const ofFunctions = /^(?!storage\.)|coldgate\/packages/;

/** Verbs through the command line, with a bucket and functions on the stand-in for Google Cloud. */
class RunProject {
  readonly google: Google;
  readonly project = new Project();
  readonly #target: string;
  /** Verb to what all its calls needed. */
  readonly asked = new Map<string, Access[]>();

  constructor(google: Google, more: string) {
    this.google = google;
    const { id } = google.project;
    this.#target = `{ provider: google-cloud-run, project: ${id}, region: europe-west1, service-account: "digits@${id}.iam.gserviceaccount.com"${more && `, ${more}`} }`;
  }

  release(version: string, bias: number): void {
    this.project.release({
      version,
      bias,
      gate: 'max-samples: 7, discard: 0, min-effect-ms: 2000, on-inconclusive: pass',
    });
    const path = this.project.path('models.yaml');
    const store = `{ url: "gs://models/m", endpoint: "${this.google.urlOf('STORAGE')}" }`;
    const environment = `  production: { store: ${store}, target: ${this.#target} }`;
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^ {2}local: .*$/m, environment));
  }

  async run(verb: string, ...flags: string[]): Promise<void> {
    const env = { COLDGATE_CACHE: testCache, ...this.google.environment };
    const { exit, stdout, stderr } = await runNode([commandLine, verb, ...flags, '--json'], this.project.folder, env);
    const calls = this.google.calls().filter(({ principal }) => principal === this.google.pipeline);
    this.asked.set(verb, [...(this.asked.get(verb) ?? []), ...calls.flatMap(callAccesses)]);
    if (exit !== 0) throw new Error(`coldgate ${verb} ended with ${exit}:\n${stderr}\n${stdout.slice(0, 2000)}`);
  }

  async granted(verbs = ''): Promise<Grant[]> {
    const given = { environment: 'production', role: 'pipeline', repository: 'acme/models', verbs };
    return runGrants(policySetOf(await iamIn(this.project.folder, given), 'pipeline', 'google'), this.google);
  }

  /** From now on the pipeline may do what `coldgate iam` prints, and no more. */
  async enforce(): Promise<void> {
    const given = { environment: 'production', role: 'pipeline', repository: 'acme/models' };
    enforce(policySetOf(await iamIn(this.project.folder, given), 'pipeline', 'google'), this.google);
  }

  async close(): Promise<void> {
    this.project.remove();
    await this.google.close();
  }
}

/** @param used grants that this story is about */
function tellsTheStory(more: string, story: (run: RunProject) => Promise<void>, used = ofFunctions): void {
  let run: RunProject;
  beforeAll(async () => {
    run = new RunProject(await openGoogle(), more);
    run.release('1.0.0', 0.5);
    await run.enforce();
    await story(run);
  }, 600_000);
  afterAll(() => run?.close());

  it('every verb is done with what coldgate iam prints', () => {
    expect(run.google.run.services.size).toBe(0);
  });

  it('no verb asks for what it is not granted', async () => {
    for (const [verb, asked] of run.asked) {
      expect([verb, denied(await run.granted(verb), asked)]).toEqual([verb, []]);
      expect(asked.length).toBeGreaterThan(0);
    }
  });

  it('all verbs together ask for everything that they are granted, of functions', async () => {
    const all = [...run.asked.values()].flat();
    const surplus = unused(await run.granted(), all, notCalled);
    expect(surplus.filter((label) => used.test(label))).toEqual([]);
  });
}

async function everyVerbOfFunctions(run: RunProject): Promise<void> {
  await run.run('publish');
  await run.run('deploy');
  // While nothing is live, a preview measures itself alone: half the starts, and the same calls.
  await run.run('preview', '--pull-request', '12', '--sha', '1a2b3c4d');
  await run.run('destroy', '--preview', '12');
  await run.run('promote');
  run.release('1.1.0', 0.25);
  await run.run('ship');
  await run.run('rollback');
  await run.run('status');
  await run.run('sweep', '--open', 'none');
  await run.run('destroy');
}

async function liveAndAway(run: RunProject): Promise<void> {
  await run.run('publish');
  await run.run('deploy');
  await run.run('promote', '--gate', 'skip');
  await run.run('destroy');
}

async function onceAndAway(run: RunProject): Promise<void> {
  await run.run('publish');
  await run.run('deploy');
  await run.run('destroy');
}

describe('what verbs ask of Google Cloud with functions on Cloud Run, and what coldgate iam grants', () => {
  describe('functions that take ID tokens', () => tellsTheStory('', everyVerbOfFunctions));
  describe('functions with a batch', () =>
    tellsTheStory('batch: { bucket: models, prefix: in/ }', liveAndAway, /^eventarc\./));
  describe('functions that everyone may call', () => tellsTheStory('auth: none', onceAndAway, /^run\.services\.set/));
});
