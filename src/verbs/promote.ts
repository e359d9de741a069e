import type { ModelEntry } from '../config/types.ts';
import { GateError } from '../errors.ts';
import type { GateRecord } from '../gate/record.ts';
import type { Pointer, GateRecord as PointerGate } from '../model/pointer.ts';
import { type MoveResult, promoteVersion } from '../registry/promote.ts';
import { readPointer } from '../registry/read-pointer.ts';
import { prepareDeployment } from './deployment.ts';
import { gateFailure } from './gate-failure.ts';
import { GateRecordStore } from './gate-record-store.ts';
import { moveReport } from './move-report.ts';
import { eachModel, joinSteps } from './results.ts';
import { isDeployed, routeLive } from './route-live.ts';
import { readStoredVersion, type StoredVersion } from './stored-version.ts';
import type { Context, VerbResult } from './verb.ts';
import { versionFor } from './version-for.ts';
import { pointerGate } from './warmup.ts';
import { liveBefore, watchLive, watchSeconds } from './watch.ts';
import { openWorkspace, type WorkInput, type Workspace } from './workspace.ts';

export interface PromoteVerbInput extends WorkInput {
  version?: string | undefined;
  gate: 'recorded' | 'required' | 'skip';
  /** How long the live endpoint is watched afterwards, s; default of models.yaml. */
  watch?: number | undefined;
}

/** The recorded measurement of these very bytes on this target; nothing where there is none. */
async function recordedGate(
  workspace: Workspace,
  entry: ModelEntry,
  { version, sha256 }: StoredVersion,
  context: Context,
): Promise<GateRecord | undefined> {
  const { key } = await workspace.targetOf(entry);
  const record = await new GateRecordStore(workspace.store, entry.name, key, version, context.log).read();
  return record?.candidate.sha256 === sha256 ? record : undefined;
}

/** Throws GateError when the record, or its absence, forbids the promotion. */
function checkGate(
  entry: ModelEntry,
  version: string,
  record: GateRecord | undefined,
  live: Pointer | undefined,
  input: PromoteVerbInput,
  context: Context,
): PointerGate {
  if (input.gate === 'skip') return { verdict: 'none' };
  const failure = record && gateFailure(record.verdict);
  if (failure) throw failure;
  const passed = record?.verdict.verdict === 'pass';
  const compared = record?.baseline?.version ?? null;
  if (record && passed && compared === (live?.version ?? null)) return pointerGate(record);
  const why = passed
    ? `was compared with ${compared ?? 'nothing'}, and ${live?.version ?? 'nothing'} is live now`
    : 'has no recorded pass on this target';
  if (input.gate === 'required') {
    throw new GateError('inconclusive', `${entry.name} ${version} ${why}.`, { hint: 'Run coldgate warmup first.' });
  }
  context.log.warn(`${entry.name} ${version} ${why}: it is promoted without a gate.`);
  return { verdict: 'none' };
}

async function promoteModel(
  workspace: Workspace,
  entry: ModelEntry,
  stored: StoredVersion,
  input: PromoteVerbInput,
  context: Context,
): Promise<MoveResult> {
  const { store, environment } = workspace;
  const { actor, runUrl, now, log, dryRun } = context;
  const { version } = stored;
  const pointer = environment.pointer;
  const current = (await readPointer(store, entry.name, pointer)) ?? null;
  const live = current?.pointer;
  const here = live?.version === version && live.manifest_sha256 === stored.manifestSha256;
  const record = here ? undefined : await recordedGate(workspace, entry, stored, context);
  const gate = here ? { verdict: 'none' as const } : checkGate(entry, version, record, live, input, context);
  const mover = { store, model: entry.name, pointer, actor, runUrl, now, log };
  return promoteVersion({ ...mover, version, gate, current, dryRun });
}

/** `coldgate promote`. */
export async function run(input: PromoteVerbInput, context: Context): Promise<VerbResult> {
  const workspace = await openWorkspace(input, context, { checkFiles: false });
  return eachModel('promote', workspace.models, async (entry) => {
    const version = versionFor(input.version, entry, workspace.models);
    const stored = await readStoredVersion(workspace.store, entry.name, version);
    const seconds = watchSeconds(input.watch, entry);
    const moved = await promoteModel(workspace, entry, stored, input, context);
    const proven = !context.dryRun && (await isDeployed(workspace, entry));
    if (!proven) {
      if (seconds > 0) context.log.warn(`No function of ${entry.name} is deployed here: there is nothing to watch.`);
      return moveReport(entry.name, 'promoted', moved, undefined);
    }
    const deployment = await prepareDeployment(workspace, entry, context);
    const ours = { pointer: moved.promoted ? moved.pointer : undefined };
    const before = await liveBefore(workspace, entry, seconds);
    const routed = await routeLive(workspace, entry, stored, deployment, ours, context);
    const report = moveReport(entry.name, 'promoted', moved, routed.revision.url);
    if (seconds === 0) return report;
    const watched = { workspace, entry, stored, deployment, moved, routed, before, seconds, context };
    return joinSteps(entry.name, [report, await watchLive(watched)]);
  });
}
