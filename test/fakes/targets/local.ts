import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalTargetSettings } from '../../../src/config/types.ts';
import type { PackageFile } from '../../../src/package/package-file.ts';
import type { DeployRequest, Revision, SampleRequest, Target } from '../../../src/rollout/target.ts';
import { functionPaths } from '../../../src/targets/local/paths.ts';
import { isRunning, systemProcesses } from '../../../src/targets/local/process-table.ts';
import type { LocalRevision, LocalState } from '../../../src/targets/local/state.ts';
import { openTarget } from '../../../src/targets/open.ts';
import { recordingLog } from './log.ts';
import { fakePackage } from './packages.ts';
import { type StoredVersion, TargetStore } from './store.ts';

/** The local target over a temporary folder, with a store of the fake handler's models and the processes it starts. */
export class LocalBench {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'coldgate-target-')));
  readonly stateDir = join(this.folder, 'state');
  readonly log = recordingLog();
  readonly abort = new AbortController();
  readonly store: TargetStore;
  readonly name: string;
  readonly package: PackageFile;
  readonly other: PackageFile;
  readonly first: StoredVersion;
  readonly second: StoredVersion;

  constructor(name = 'digits-local') {
    this.name = name;
    this.store = new TargetStore(join(this.folder, 'store'), 'digits');
    this.package = fakePackage(join(this.folder, 'packages'));
    this.other = fakePackage(join(this.folder, 'packages'), 'another build');
    this.first = this.add('1.0.0', 2);
    this.second = this.add('1.1.0', 3);
    this.store.point('1.0.0');
  }

  add(version: string, factor: number): StoredVersion {
    const sample = { inputs: { x: [1, 2] }, outputs: { y: [factor, 2 * factor] } };
    return this.store.add(version, Buffer.from(JSON.stringify({ factor })), sample, [2]);
  }

  open(settings: Partial<LocalTargetSettings> = {}): Promise<Target> {
    const { log, stateDir, abort } = this;
    return openTarget(
      { provider: 'local', ...settings },
      { log, stateDir, now: () => new Date(), signal: abort.signal },
    );
  }

  /** `fake` names faults of the handler. */
  request(stored: StoredVersion, role: 'candidate' | 'live' = 'candidate', fake = ''): DeployRequest {
    return {
      settings: {
        name: this.name,
        model: 'digits',
        storeVariables: { MODEL_STORE: 'file', MODEL_PREFIX: this.store.root },
        handlerVariables: { MODEL_REFRESH_SECONDS: '1', ...(fake && { FAKE: fake }) },
      },
      package: this.package,
      role,
      ...stored,
    };
  }

  sampleOf(stored: StoredVersion, fake = '', timeoutMs = 20_000): SampleRequest {
    const { role: _, ...request } = this.request(stored, 'candidate', fake);
    return { ...request, timeoutMs };
  }

  get #statePath(): string {
    return join(this.stateDir, this.name, 'state.json');
  }

  state(): LocalState {
    return JSON.parse(readFileSync(this.#statePath, 'utf8'));
  }

  /** Changes the state behind the target's back. */
  rewrite(change: (state: LocalState) => unknown): void {
    writeFileSync(this.#statePath, JSON.stringify(change(this.state())));
  }

  recorded(revision: Revision): LocalRevision {
    return this.state().revisions.find((r) => r.id === revision.id) as LocalRevision;
  }

  /** Kills the revision's process and waits until it has let go of everything. */
  async crash(revision: Revision): Promise<void> {
    const found = this.recorded(revision);
    process.kill(found.pid, 'SIGKILL');
    while (isRunning(systemProcesses, found)) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Numbers of the function's running processes. */
  async running(): Promise<number[]> {
    const { tag } = await functionPaths(this.stateDir, this.name);
    return systemProcesses
      .marked()
      .filter((p) => p.mark.tag === tag)
      .map((p) => p.pid);
  }

  /** Ends everything and removes the folder. */
  async close(): Promise<void> {
    const target = await this.open();
    await target.remove({ name: this.name }, 'all');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
