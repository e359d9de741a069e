import { ColdgateError } from '../../../src/errors.ts';
import type { Logger } from '../../../src/log.ts';
import { sha256 } from '../../../src/model/digest.ts';
import { fileKey } from '../../../src/model/layout.ts';
import type { Artifact } from '../../../src/model/manifest.ts';
import type { MoveResult } from '../../../src/registry/pointer/move-result.ts';
import { type Proof, proofUnder } from '../../../src/registry/pointer/pointer-swap.ts';
import { type PromoteInput, promoteVersion } from '../../../src/registry/pointer/promote.ts';
import { readPointer } from '../../../src/registry/pointer/read-pointer.ts';
import { type RollbackInput, rollbackPointer } from '../../../src/registry/pointer/rollback.ts';
import type { PruneInput } from '../../../src/registry/prune/plan.ts';
import { type PruneResult, prune } from '../../../src/registry/prune/prune.ts';
import { type CopyInput, type CopyResult, copyVersion } from '../../../src/registry/publish/copy-version.ts';
import { type PublishResult, publishVersion } from '../../../src/registry/publish/publish.ts';
import type { ArtifactSource, PublishInput } from '../../../src/registry/publish/publish-input.ts';
import { type VerifyInput, type VerifyResult, verifyVersion } from '../../../src/registry/version/verify.ts';
import { readAll, type Store } from '../../../src/stores/store.ts';

export const model = 'digits';
export const day = 24 * 60 * 60 * 1000;

/** A logger that remembers, so that tests can ask what was said. */
export function recordingLogger(): Logger & { warnings: string[]; infos: string[]; progressed: [string, number][] } {
  const warnings: string[] = [];
  const infos: string[] = [];
  const progressed: [string, number][] = [];
  return {
    warnings,
    infos,
    progressed,
    info: (message) => void infos.push(message),
    debug() {},
    warn: (message) => void warnings.push(message),
    progress: (label, done) => void progressed.push([label, done]),
    group: (_title, work) => work(),
    mask() {},
  };
}

/** Files by path, as on this machine; `source` is the path after a slash. */
export type Files = Record<string, string>;

/** What a version of the seed consists of: the labels are the same for all. */
export const filesOf = (seed: string): Files => ({
  'labels.json': '["zero","one"]',
  'model.onnx': `model ${seed} `.repeat(50),
  'sample.json': `{"inputs":{"x":[${seed.length}]}}`,
});

const tensor = { name: 'x', dtype: 'float32' as const, shape: ['N', 4] };
const head = { inputs: [tensor], outputs: [{ ...tensor, name: 'y' }], opset: 18, irVersion: 9, producer: 'test 1' };

export function artifact(path: string, content: string): { entry: Artifact; content: string } {
  return {
    content,
    entry: {
      path,
      sha256: sha256(content),
      size: Buffer.byteLength(content),
      kind: 'cold',
      runtime_version: '1.30.0',
      optimization: 'extended',
      parity: { max_relative: 0, max_absolute: 0 },
    },
  };
}

/** Chunks of a few bytes, so that streams are streams. */
export async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 64) yield bytes.subarray(at, at + 64);
}

export interface PublishOptions extends Partial<PublishInput> {
  derived?: { entry: Artifact; content: string }[];
}

/** The verbs on one model of one store, with everything that tests rarely vary filled in. */
export class Simulation {
  readonly store: Store;
  readonly log = recordingLogger();
  /** The time of this machine. */
  clock = new Date('2026-03-01T12:00:00Z');
  readonly now = (): Date => this.clock;

  constructor(store: Store) {
    this.store = store;
  }

  get common() {
    return { store: this.store, model, now: this.now, log: this.log, sleep: async () => {} };
  }

  publish(version: string, files: Files = filesOf(version), options: PublishOptions = {}): Promise<PublishResult> {
    const { derived = [], ...rest } = options;
    const local: Files = { ...files, ...Object.fromEntries(derived.map((d) => [d.entry.path, d.content])) };
    return publishVersion({
      ...this.common,
      version,
      files: Object.keys(files).map((path) => ({ path, source: `/${path}` })),
      modelPath: 'model.onnx',
      samplePath: 'sample.json' in files ? 'sample.json' : undefined,
      head,
      artifacts: derived.map(({ entry }): ArtifactSource => ({ entry, source: `/${entry.path}` })),
      sourceInfo: { commit: 'abc' },
      coldgateVersion: '0.0.0',
      readFile: (source) => chunksOf(local[source.slice(1)] ?? ''),
      ...rest,
    });
  }

  verify(options: Partial<VerifyInput> = {}): Promise<VerifyResult> {
    return verifyVersion({ ...this.common, ...options });
  }

  /** What a run that has verified the version hands to its promotion. */
  async prove(version: string): Promise<Proof> {
    const current = await readPointer(this.store, model);
    return proofUnder(current?.pointer, await this.verify({ version }));
  }

  promote(version: string, options: Partial<PromoteInput> = {}): Promise<MoveResult> {
    return promoteVersion({ ...this.common, version, actor: 'ann', gate: { verdict: 'pass' }, ...options });
  }

  copy(from: Store, version: string, options: Partial<CopyInput> = {}): Promise<CopyResult> {
    return copyVersion({ ...this.common, from, version, ...options });
  }

  /** As `promote --from` does it. */
  async promoteFrom(from: Store, version: string): Promise<MoveResult> {
    return this.promote(version, { verified: (await this.copy(from, version)).proof });
  }

  rollback(options: Partial<RollbackInput> = {}): Promise<MoveResult> {
    return rollbackPointer({ ...this.common, actor: 'rob', ...options });
  }

  prune(options: Partial<PruneInput> & { dryRun?: boolean } = {}): Promise<PruneResult> {
    return prune({ ...this.common, retain: 1, ...options });
  }
}

/** The code of the failure, or `done`; what is no explained error passes through. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (error instanceof ColdgateError) return error.code;
    throw error;
  }
}

/** The explained failure itself, to look into. */
export async function failureOf(work: Promise<unknown>): Promise<ColdgateError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ColdgateError) return error;
    throw error;
  }
  throw new Error('expected a failure, and it went well');
}

export async function keysOf(store: Store, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** Keys of everything in a version that was published from the files of a seed. */
export const fileKeysOf = (version: string, derived: { entry: Artifact }[] = []): string[] =>
  [...Object.keys(filesOf('')), ...derived.map(({ entry }) => entry.path), 'manifest.json'].map((path) =>
    fileKey(model, version, path),
  );

export async function textAt(store: Store, key: string): Promise<string> {
  return Buffer.from(await readAll(await store.get(key))).toString('utf8');
}

/** Writes over whatever is there, as a hand or a foreign tool would. */
export async function overwrite(store: Store, key: string, content: string): Promise<void> {
  const info = await store.head(key);
  await store.put(key, Buffer.from(content), info ? { unchanged: info.token } : 'absent');
}

export async function removeKey(store: Store, key: string): Promise<void> {
  const info = await store.head(key);
  if (info) await store.remove(key, { unchanged: info.token });
}
