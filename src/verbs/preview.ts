import { InputError, toColdgateError } from '../errors.ts';
import type { Pointer } from '../model/pointer.ts';
import { readLive } from '../registry/pointer/live-pointer.ts';
import { verifyVersion } from '../registry/version/verify.ts';
import type { DeployRequest } from '../rollout/target.ts';
import { deployRequest, prepareDeployment } from '../steps/deployment.ts';
import { previewRevisions } from '../steps/previews/list.ts';
import { previewSettings, previewVersion } from '../steps/previews/name.ts';
import { pruneVersions } from '../steps/previews/remove.ts';
import { failedPreview, previewReport } from '../steps/previews/report.ts';
import { inLocalWorkspace } from '../steps/previews/workspace.ts';
import { evaluateVersion } from '../steps/quality/report.ts';
import { writeReport } from '../steps/release/gate-report.ts';
import { runGate } from '../steps/release/gate-run.ts';
import { joinResults, joinSteps, type ModelResult } from '../steps/results.ts';
import { inspectSources, type ModelSource } from '../steps/source/model-source.ts';
import { readStoredVersion, type StoredVersion } from '../steps/stored-version.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { openWorkspace, type WorkInput, type Workspace } from '../steps/workspace.ts';
import { publishModel } from './publish.ts';

export interface PreviewInput extends WorkInput {
  pullRequest: number;
  /** Head commit of the pull request; the commit of this checkout unless given. */
  sha?: string | undefined;
  fresh: boolean;
  reportPath: string;
  /** Measured on this machine and removed; needs no credentials. */
  local: boolean;
}

/** One model's preview on its way. */
interface Preview {
  workspace: Workspace;
  source: ModelSource;
  version: string;
  input: PreviewInput;
  context: Context;
}

/** Publishes the version and reads it back. */
async function publishAndVerify({ workspace, source, version, context }: Preview): Promise<StoredVersion> {
  const { store } = workspace;
  const model = source.entry.name;
  await publishModel(workspace, source, version, context);
  await verifyVersion({ store, model, version, log: context.log });
  return readStoredVersion(store, model, version);
}

/** Removes what older commits of the pull request left, once the new preview is proven. */
async function removeOlder(preview: Preview, request: DeployRequest): Promise<string[]> {
  const { workspace, source, version, input, context } = preview;
  const { entry } = source;
  const running = await previewRevisions(workspace, entry, input.pullRequest);
  if (running.some((revision) => revision.version !== version)) {
    const target = await workspace.targetOf(entry);
    await target.remove(request.settings, 'candidates', version);
  }
  return pruneVersions(workspace, entry, input.pullRequest, context, version);
}

async function previewModel(preview: Preview): Promise<ModelResult> {
  const { workspace, source, input, context } = preview;
  const { entry } = source;
  const { environment, store } = workspace;
  const settings = previewSettings(environment, entry, input.pullRequest);
  const stored = await publishAndVerify(preview);
  const { version } = stored;
  const live = await readLive({ store, model: entry.name, pointer: environment.pointer });
  const quality = await evaluatePreview(preview, stored, live);
  const deployment = await prepareDeployment(workspace, entry, context);
  const request: DeployRequest = { ...deployRequest(workspace, entry, deployment, stored, 'candidate'), settings };
  const { revision } = await deployment.target.deploy(request);
  context.log.info(`  ${entry.name} ${version} answers at ${revision.url}`);
  const older = await removeOlder(preview, request);
  const { fresh } = input;
  const gate = { workspace, entry, candidate: stored, live, deployment, settings, options: entry.gate };
  const record = await runGate({ ...gate, fresh, context });
  const reportPath = await writeReport(record, input.reportPath, context.cwd);
  const url = input.local ? undefined : revision.url;
  const { pullRequest } = input;
  const report = previewReport({ pullRequest, stored, live, url, settings, record, reportPath, older });
  return quality ? joinSteps(entry.name, [quality, report]) : report;
}

/** A preview comes up whatever its answers are worth, so that they can be looked at. */
async function evaluatePreview(
  { workspace, source, input, context }: Preview,
  candidate: StoredVersion,
  live: Pointer | undefined,
): Promise<ModelResult | undefined> {
  const { entry } = source;
  if (!entry.quality) return undefined;
  const { fresh, reportPath } = input;
  return evaluateVersion({ workspace, entry, candidate, live, fresh, reportPath, context });
}

/** Every model is previewed, also after one that fails: each has its section in the comment. */
async function previewAll(workspace: Workspace, input: PreviewInput, context: Context): Promise<VerbResult> {
  const { config, models } = workspace;
  const taken = `pr-${input.pullRequest}`;
  if (taken in config.environments) {
    const message = `${taken} is an environment of models.yaml, whose functions have the names of this preview's.`;
    throw new InputError([{ path: 'pull-request', message, hint: 'Rename the environment.' }]);
  }
  const sha = input.sha ?? (await context.source()).commit ?? '';
  const sources = await inspectSources(config, models);
  const done: ModelResult[] = [];
  for (const source of sources) {
    const version = previewVersion(source.entry.version, input.pullRequest, sha);
    const preview = { workspace, source, version, input, context };
    done.push(await context.log.group(`${source.entry.name}: preview`, () => tryPreview(preview)));
  }
  return joinResults('preview', done);
}

/** One model's preview; what stops it is its result, so that the others get theirs. */
async function tryPreview(preview: Preview): Promise<ModelResult> {
  const { source, version, context } = preview;
  if (context.dryRun) return planPreview(preview);
  try {
    return await previewModel(preview);
  } catch (thrown) {
    context.signal.throwIfAborted();
    return failedPreview(source.entry.name, version, toColdgateError(thrown));
  }
}

/** `--dry-run`. */
async function planPreview({ workspace, source, version, input, context }: Preview): Promise<ModelResult> {
  const { entry } = source;
  const { published } = await publishModel(workspace, source, version, context);
  const { name } = previewSettings(workspace.environment, entry, input.pullRequest);
  const did = published ? 'is' : 'would be';
  const line = `${entry.name} ${version} ${did} published and run as ${name}, measured against what is live.`;
  return {
    model: entry.name,
    outputs: { version },
    document: { version, function: name },
    lines: [line],
    summary: line,
  };
}

/** Removes everything of a local preview, whatever its result. */
async function removeFunctions({ models, environment, targetOf }: Workspace, input: PreviewInput): Promise<void> {
  for (const entry of models) {
    const target = await targetOf(entry);
    await target.remove(previewSettings(environment, entry, input.pullRequest), 'all');
  }
}

/** `coldgate preview`: a pull request's models, published, running and measured. */
export async function run(input: PreviewInput, context: Context): Promise<VerbResult> {
  if (!input.local) return previewAll(await openWorkspace(input, context, { checkFiles: true }), input, context);
  return inLocalWorkspace(input, context, async (workspace) => {
    try {
      return await previewAll(workspace, input, context);
    } finally {
      await removeFunctions(workspace, input);
    }
  });
}
