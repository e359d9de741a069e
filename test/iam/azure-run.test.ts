import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Azure, openAzure } from '../azure/azure.ts';
import { runNode, testCache } from '../fakes/processes/runner.ts';
import { Project } from '../fixtures/project.ts';
import { callAccesses, enforce, runGrants } from './azure-run-calls.ts';
import { denied, type Grant, unused } from './compare.ts';
import type { Access } from './evaluate.ts';
import { iamIn, type PrintedPolicySet, policySetsOf } from './printed.ts';

const commandLine = join(import.meta.dirname, '..', 'fakes', 'processes', 'source-cli.ts');

/** What this story does not come to, with the reason that it is there for. */
const kept = [
  // Why a host does not start.
  /sites\/(?:slots\/)?hostruntime\/host\/read/,
  // Roles that count late: azure-premium-release.test.ts comes to it.
  /restart\/action/,
  // The package of before the last one goes when another is published: here there is one.
  /blobs\/delete/,
];

/** Verbs through the command line, with a folder for a store and functions on the stand-in for Azure. */
class RunProject {
  readonly azure: Azure;
  readonly project = new Project();
  readonly #target: string;
  /** Verb to what all its calls needed. */
  readonly asked = new Map<string, Access[]>();

  constructor(azure: Azure, more: string) {
    this.azure = azure;
    this.#target = `provider: azure-functions, subscription: ${azure.subscription}, resource-group: models, location: westeurope, storage-account: coldgatetest, ${more}`;
  }

  /** @param more settings of the target that are new with it */
  release(version: string, bias: number, more = ''): void {
    this.project.release({
      version,
      bias,
      gate: 'max-samples: 7, discard: 0, min-effect-ms: 2000, on-inconclusive: pass',
    });
    const path = this.project.path('models.yaml');
    const environment = `  production: { store: "file:store", target: { ${this.#target}${more} } }`;
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^ {2}local: .*$/m, environment));
  }

  async run(verb: string, ...flags: string[]): Promise<void> {
    const env = { COLDGATE_CACHE: testCache, ...this.azure.environment };
    const { exit, stdout, stderr } = await runNode([commandLine, verb, ...flags, '--json'], this.project.folder, env);
    const calls = this.azure.calls().filter(({ principal }) => principal === this.azure.pipeline.oid);
    this.asked.set(verb, [...(this.asked.get(verb) ?? []), ...calls.flatMap(callAccesses)]);
    if (exit !== 0) throw new Error(`coldgate ${verb} ended with ${exit}:\n${stderr}\n${stdout.slice(0, 2000)}`);
  }

  async #printed(verbs = ''): Promise<PrintedPolicySet[]> {
    const given = { environment: 'production', role: 'pipeline', repository: 'acme/models', verbs };
    return policySetsOf(await iamIn(this.project.folder, given));
  }

  /** Nothing for verbs that meet the folder alone. */
  async granted(verbs = ''): Promise<Grant[]> {
    return (await this.#printed(verbs)).flatMap(runGrants);
  }

  /** From now on the pipeline may do what `coldgate iam` prints, and no more. */
  async enforce(): Promise<void> {
    for (const set of await this.#printed()) enforce(set, this.azure);
  }

  async close(): Promise<void> {
    this.project.remove();
    await this.azure.close();
  }
}

/** @param used grants that this story is about */
function tellsTheStory(
  settings: (azure: Azure) => string,
  story: (run: RunProject) => Promise<void>,
  used = /Microsoft/,
): void {
  let run: RunProject;
  beforeAll(async () => {
    const azure = await openAzure();
    run = new RunProject(azure, settings(azure));
    run.release('1.0.0', 0.5);
    await run.enforce();
    await story(run);
  }, 600_000);
  afterAll(() => run?.close());

  it('every verb is done with what coldgate iam prints', () => {
    expect([...run.azure.web.sites.keys()]).toEqual([]);
  });

  it('no verb asks for what it is not granted', async () => {
    for (const [verb, asked] of run.asked) expect([verb, denied(await run.granted(verb), asked)]).toEqual([verb, []]);
    expect(run.asked.get('deploy')?.length).toBeGreaterThan(0);
  });

  it('all verbs together ask for everything that they are granted', async () => {
    const all = [...run.asked.values()].flat();
    const surplus = unused(await run.granted(), all, kept);
    expect(surplus.filter((label) => used.test(label))).toEqual([]);
  });
}

async function everyVerbOfFunctions(run: RunProject): Promise<void> {
  await run.run('publish');
  // A trigger that the platform does not notice by itself.
  run.azure.knobs.functionsLag = Number.POSITIVE_INFINITY;
  await run.run('deploy');
  run.azure.knobs.functionsLag = 0;
  await run.run('preview', '--pull-request', '12', '--sha', '1a2b3c4d');
  await run.run('destroy', '--preview', '12');
  await run.run('promote');
  // What is live is changed in place.
  run.release('1.1.0', 0.25, ', app-settings: { EXTRA: "1" }');
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

/** Has what `coldgate iam --role function` gives it. */
function named({ identities, world }: Azure): string {
  const id = identities.create('digits', 'models');
  const owner = world.iam.roleOf('b7e6dc6d-f1e8-4753-8033-0f276bb0955b')!;
  world.iam.grant(identities.find(id)!.oid, owner, `${world.groupId('models')}/providers/Microsoft.Storage`);
  return `identity: "${id}"`;
}

/** On Premium: what the stories on Flex Consumption show already is not asked again. */
async function releasedBySlot(run: RunProject): Promise<void> {
  await run.run('publish');
  run.azure.knobs.functionsLag = Number.POSITIVE_INFINITY;
  await run.run('deploy');
  run.azure.knobs.functionsLag = 0;
  await run.run('promote');
  run.release('1.1.0', 0.25, ', app-settings: { EXTRA: "1" }');
  run.azure.knobs.functionsLag = Number.POSITIVE_INFINITY;
  await run.run('ship');
  await run.run('rollback');
  await run.run('destroy');
}

describe('what verbs ask of Azure with functions on Premium, and what coldgate iam grants', () =>
  tellsTheStory((azure) => `${named(azure)}, plan: premium`, releasedBySlot));

describe('what verbs ask of Azure with functions on Flex Consumption, and what coldgate iam grants', () => {
  describe('an identity that was made beforehand', () => tellsTheStory(named, everyVerbOfFunctions));
  describe('an app with a batch', () =>
    tellsTheStory(
      (azure) => `${named(azure)}, batch: { container: uploads, prefix: in/ }`,
      liveAndAway,
      /Microsoft\.EventGrid/,
    ));
  describe('an identity of each app', () =>
    tellsTheStory(() => 'identity: system', onceAndAway, /Microsoft\.Authorization/));
});
