import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand, runStep, type StepResult } from '../fakes/processes/runner.ts';
import { Project, type ProjectOptions, shortGate } from '../fixtures/project.ts';
import { eventVariables } from './payloads.ts';

/** The tiny model loads in a few ms; nothing here is about the verdict. */
const gate = shortGate;

interface RepositoryOptions extends ProjectOptions {
  /** Store of staging. */
  store?: string;
  /** Store of production; that of staging unless given. */
  production?: string;
}

/** A project in git, as a runner checks it out. */
export class Repository {
  readonly project = new Project();

  constructor() {
    this.git('init', '--quiet', '--initial-branch', 'main');
    writeFileSync(this.project.path('.gitignore'), 'store\n.coldgate\nevent.json\n');
  }

  git(...args: string[]): string {
    const who = ['-c', 'user.name=octocat', '-c', 'user.email=octocat@example.com', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', [...who, ...args], { cwd: this.project.folder, encoding: 'utf8' }).trim();
  }

  /** Writes a version of the model, with staging and production beside each other in one store, and commits it. */
  commit({ store = 'file:store', production = store, ...options }: RepositoryOptions = {}): string {
    this.project.release({ gate, ...options });
    const path = this.project.path('models.yaml');
    const environments = `environments:
  staging: { store: "${store}", pointer: staging.json, target: { provider: local } }
  production: { store: "${production}", target: { provider: local } }
`;
    const yaml = `schema: 1\n${environments}models:\n${this.model(options)}`;
    writeFileSync(path, yaml);
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--message', 'work');
    return this.git('rev-parse', 'HEAD');
  }

  private model({ version = '1.0.0', gate: own = gate }: ProjectOptions): string {
    return `  digits:
    version: ${version}
    files: { model.onnx: models/digits.onnx }
    sample: models/sample.json
    optimize: off
    gate: { ${own} }
    handler: { refresh-seconds: 1 }
`;
  }

  /** The root action on an event, as a process. */
  on(
    name: string,
    payload: unknown,
    inputs: Record<string, string> = {},
    more: Record<string, string> = {},
  ): Promise<StepResult> {
    const variables = { ...eventVariables(this.project.folder, name, payload), ...more };
    return runStep('root', { config: 'models.yaml', ...inputs }, this.project.folder, variables);
  }

  path(...parts: string[]): string {
    return join(this.project.folder, ...parts);
  }

  async remove(): Promise<void> {
    for (const environment of ['staging', 'production']) {
      await runCommand(['destroy', '--environment', environment], this.project.folder);
    }
    this.project.remove();
  }
}
