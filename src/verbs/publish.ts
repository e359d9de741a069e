import { stat } from 'node:fs/promises';
import { manifestKey } from '../model/layout.ts';
import { type PublishResult, publishVersion } from '../registry/publish/publish.ts';
import { bytesText, eachModel, type ModelResult, markdownTable } from '../steps/results.ts';
import type { ModelSource } from '../steps/source/model-source.ts';
import { proveSource, readySources } from '../steps/source/prove-source.ts';
import { requestedForms } from '../steps/source/requested-forms.ts';
import { withScratchFolder } from '../steps/source/scratch-folder.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { versionFor } from '../steps/version-for.ts';
import { openWorkspace, type WorkInput, type Workspace } from '../steps/workspace.ts';
import { partSize, readFileChunks } from '../stores/read-file.ts';
import { toolVersion } from '../version.ts';

export interface PublishInput extends WorkInput {
  version?: string | undefined;
}

/**
 * Publishes one model under the version, once it is proven to load and run. Throws what publishVersion and proveSource
 * do.
 */
export async function publishModel(
  { config, store }: Workspace,
  source: ModelSource,
  version: string,
  context: Context,
): Promise<PublishResult> {
  const { entry, externalData, tensors, head, task } = source;
  const { log, now, dryRun } = context;
  const sourceInfo = await context.source();
  return withScratchFolder(context.env, (scratch) =>
    publishVersion({
      store,
      model: entry.name,
      version,
      files: entry.files.map((file) => ({ ...file, holds: tensors.get(file.path) })),
      modelPath: entry.model,
      samplePath: entry.sample?.path,
      externalData,
      task,
      head,
      artifacts: () => requestedForms(source, version, scratch, context),
      prove: async () => (await proveSource(config, source, context)).probe,
      sourceInfo,
      coldgateVersion: toolVersion,
      readFile: (path) => readFileChunks(path, partSize),
      statFile: (path) => stat(path),
      ...{ now, dryRun, log },
    }),
  );
}

const sentence = (name: string, result: PublishResult): string => {
  const { version, sha256 } = result;
  if (result.published) return `${name} ${version} is published: sha256 ${sha256}.`;
  if (result.wouldPublish) return `${name} ${version} would be published: sha256 ${sha256}.`;
  return `${name} ${version} is published already, with these very bytes: nothing to do.`;
};

export function publishReport(workspace: Workspace, name: string, result: PublishResult): ModelResult {
  const { manifest, version, sha256, published, adopted, uploaded } = result;
  const url = `${workspace.store.url}/${manifestKey(name, version)}`;
  const line = sentence(name, result);
  const rows = [...manifest.files, ...manifest.artifacts].map((f) => [f.path, bytesText(f.size), `\`${f.sha256}\``]);
  return {
    model: name,
    outputs: { version, sha256, 'manifest-url': url, published: String(published) },
    document: { version, sha256, 'manifest-url': url, published, adopted, uploaded, manifest },
    lines: [line, ...(adopted.length > 0 ? [`Adopted from an unfinished publish: ${adopted.join(', ')}.`] : [])],
    summary: `${line}\n\n${markdownTable(['file', 'size', 'sha256'], rows)}`,
  };
}

/** `coldgate publish`. */
export async function run(input: PublishInput, context: Context): Promise<VerbResult> {
  const workspace = await openWorkspace(input, context, { checkFiles: true });
  const versionOf = ({ entry }: ModelSource) => versionFor(input.version, entry, workspace.models);
  const ready = await readySources(workspace, versionOf, context);
  const named = ready.map(({ source, version }) => ({ name: source.entry.name, source, version }));
  return eachModel('publish', named, async ({ name, source, version }) => {
    const result = await publishModel(workspace, source, version, context);
    return publishReport(workspace, name, result);
  });
}
