import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IntegrityError } from '../errors.ts';
import { fileKey } from '../model/layout.ts';
import { formatDifference } from '../model/sample-compare.ts';
import { filesOfTask } from '../model/task.ts';
import { type VerifyResult, verifyVersion } from '../registry/version/verify.ts';
import { bytesText, eachModel, type ModelResult, markdownTable } from '../steps/results.ts';
import { checkModel } from '../steps/source/check-model.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { versionFor } from '../steps/version-for.ts';
import { openWorkspace, type WorkInput } from '../steps/workspace.ts';
import type { Store } from '../stores/store.ts';

export interface VerifyVerbInput extends WorkInput {
  version?: string | undefined;
  deep: boolean;
}

/** Brings model and sample of a verified version here, loads the one and runs the other. Throws IntegrityError. */
async function loadDeep(store: Store, model: string, verified: VerifyResult, context: Context): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'coldgate-verify-'));
  try {
    const bring = async (path: string) => {
      const to = join(folder, path.replaceAll('/', '_'));
      const { body } = await store.get(fileKey(model, verified.version, path));
      await writeFile(to, body);
      return to;
    };
    const { manifest } = verified;
    const file = await bring(manifest.model);
    const sample = manifest.sample === undefined ? undefined : await bring(manifest.sample);
    const files = manifest.task && (await bringAll(filesOfTask(manifest.task), bring));
    const task = manifest.task && files && { section: manifest.task, files };
    const checked = await checkModel(
      { model: file, sample, task, size: manifest.files.reduce((sum, { size }) => sum + size, 0) },
      context,
    );
    if (!checked.loaded) {
      const why = checked.reason ?? 'no reason given';
      throw new IntegrityError('model-not-loadable', `The runtime refuses ${model} ${verified.version}: ${why}.`);
    }
    if (checked.taskFault !== undefined) {
      const what = `The task of ${model} ${verified.version} does not fit its model: ${checked.taskFault}`;
      throw new IntegrityError('task-mismatch', what);
    }
    if (checked.difference) {
      const what = formatDifference(checked.difference);
      throw new IntegrityError('sample-mismatch', `${model} ${verified.version} does not answer its sample: ${what}.`);
    }
    if (checked.sample === 'ok') return ' It loads and runs its sample.';
    return checked.probe ? ' It loads and answers a made-up request; no sample.' : ' It loads; there is no sample.';
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bringAll(
  paths: readonly string[],
  bring: (path: string) => Promise<string>,
): Promise<Record<string, string>> {
  const brought: [string, string][] = [];
  for (const path of paths) brought.push([path, await bring(path)]);
  return Object.fromEntries(brought);
}

export function verifyReport(name: string, result: VerifyResult, deep = ''): ModelResult {
  const { version, sha256, files, bytes, extra, manifestSha256 } = result;
  const line = `${name} ${version} agrees with its manifest: ${files.length} comparisons, ${bytesText(bytes)} read.${deep}`;
  const rows = files.map((f) => [
    f.path,
    bytesText(f.expected.size),
    `\`${f.expected.sha256}\``,
    f.ok ? 'equal' : 'differs',
  ]);
  return {
    model: name,
    outputs: { verified: 'true', version, sha256 },
    document: { verified: true, version, sha256, 'manifest-sha256': manifestSha256, files, bytes, extra },
    lines: [line],
    summary: `${line}\n\n${markdownTable(['file', 'size', 'sha256', 'read back'], rows)}`,
  };
}

/** `coldgate verify`. */
export async function run(input: VerifyVerbInput, context: Context): Promise<VerbResult> {
  const { store, environment, models } = await openWorkspace(input, context, { checkFiles: false });
  return eachModel('verify', models, async (entry) => {
    const version = versionFor(input.version, entry, models);
    const { log } = context;
    const result = await verifyVersion({ store, model: entry.name, version, pointer: environment.pointer, log });
    const deep = input.deep ? await loadDeep(store, entry.name, result, context) : '';
    return verifyReport(entry.name, result, deep);
  });
}
