import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runNode, testCache } from '../fakes/processes/runner.ts';
import { Project } from '../fixtures/project.ts';
import { denied, type Grant, unused } from './compare.ts';
import type { Access } from './evaluate.ts';
import { iamIn, type PrintedPolicySet, policySetsOf } from './printed.ts';

const commandLine = join(import.meta.dirname, '..', 'fakes', 'processes', 'source-cli.ts');

/** A cloud whose functions the verbs meet. */
export interface RunCloud {
  /** Variables that point the product there. */
  environment: Record<string, string>;
  /** Flow mapping of the environment `production`, as models.yaml has it. */
  production: string;
  /** What the pipeline's calls since the last time needed. */
  accesses(): Access[];
  /** Whether every verb makes calls: the store is there, too. */
  hasStore: boolean;
  /** What a policy set gives the pipeline. */
  grantsOf(set: PrintedPolicySet): Grant[];
  /** From now on the pipeline may do what these policy sets say, and no more. */
  enforce(sets: PrintedPolicySet[]): void;
  /** Names of functions that are there. */
  functions(): string[];
  close(): Promise<void>;
}

/** Verbs through the command line, with functions on the stand-in for a cloud. */
export class RunProject<C extends RunCloud = RunCloud> {
  readonly cloud: C;
  readonly project = new Project();
  /** Verb to what all its calls needed. */
  readonly needed = new Map<string, Access[]>();

  constructor(cloud: C) {
    this.cloud = cloud;
  }

  /** @param production of `RunCloud`, where it is another one from now on */
  release(version: string, bias: number, production = this.cloud.production): void {
    this.project.release({
      version,
      bias,
      gate: 'max-samples: 7, discard: 0, min-effect-ms: 2000, on-inconclusive: pass',
    });
    const path = this.project.path('models.yaml');
    const yaml = readFileSync(path, 'utf8').replace(/^ {2}local: .*$/m, `  production: ${production}`);
    writeFileSync(path, yaml);
  }

  async run(verb: string, ...flags: string[]): Promise<void> {
    const env = { COLDGATE_CACHE: testCache, ...this.cloud.environment };
    const { exit, stdout, stderr } = await runNode([commandLine, verb, ...flags, '--json'], this.project.folder, env);
    this.needed.set(verb, [...(this.needed.get(verb) ?? []), ...this.cloud.accesses()]);
    if (exit !== 0) throw new Error(`coldgate ${verb} ended with ${exit}:\n${stderr}\n${stdout.slice(0, 2000)}`);
  }

  async #printed(verbs = ''): Promise<PrintedPolicySet[]> {
    const input = { environment: 'production', role: 'pipeline', repository: 'acme/models', verbs };
    return policySetsOf(await iamIn(this.project.folder, input));
  }

  /** Nothing for verbs that meet a folder alone. */
  async granted(verbs = ''): Promise<Grant[]> {
    return (await this.#printed(verbs)).flatMap((set) => this.cloud.grantsOf(set));
  }

  async enforce(): Promise<void> {
    this.cloud.enforce(await this.#printed());
  }

  async close(): Promise<void> {
    this.project.remove();
    await this.cloud.close();
  }
}

/** A story of verbs, told with the rights that `coldgate iam` prints. */
export interface RunStory<C extends RunCloud> {
  open: () => Promise<C>;
  story: (run: RunProject<C>) => Promise<void>;
  /** Grants that this story is about. */
  used: RegExp;
  /** Grants that no call of a run without mishaps needs. */
  notCalled: RegExp[];
}

/** Describes that a story is told with the printed rights, and that it needs all of them. */
export function tellsTheStory<C extends RunCloud>({ open, story, used, notCalled }: RunStory<C>): void {
  let run: RunProject<C>;
  beforeAll(async () => {
    run = new RunProject(await open());
    run.release('1.0.0', 0.5);
    await run.enforce();
    await story(run);
  }, 600_000);
  afterAll(() => run?.close());

  it('every verb is done with what coldgate iam prints', () => {
    expect(run.cloud.functions()).toEqual([]);
  });

  it('no verb asks for what it is not granted', async () => {
    for (const [verb, needed] of run.needed) {
      expect([verb, denied(await run.granted(verb), needed)]).toEqual([verb, []]);
      if (run.cloud.hasStore || verb === 'deploy') expect(needed.length).toBeGreaterThan(0);
    }
    expect(run.needed.has('deploy')).toBe(true);
  });

  it('all verbs together ask for everything that they are granted', async () => {
    const surplus = unused(await run.granted(), [...run.needed.values()].flat(), notCalled);
    expect(surplus.filter((label) => used.test(label))).toEqual([]);
  });
}

/** From a published version to a live one, and away with all of it. */
export async function liveAndAway(run: RunProject): Promise<void> {
  await run.run('publish');
  await run.run('deploy');
  await run.run('promote', '--gate', 'skip');
  await run.run('destroy');
}

export async function onceAndAway(run: RunProject): Promise<void> {
  await run.run('publish');
  await run.run('deploy');
  await run.run('destroy');
}
