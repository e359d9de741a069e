import type { ModelEntry } from '../config/types.ts';
import { type ModelStatus, modelStatus } from '../registry/status.ts';
import type { Revision } from '../targets/target.ts';
import { functionSettings } from './function-settings.ts';
import { bytesText, eachModel, type ModelResult, markdownTable } from './results.ts';
import type { Context, VerbResult } from './verb.ts';
import { openWorkspace, type WorkInput, type Workspace } from './workspace.ts';

/** What runs, where it can be asked; a target that cannot be asked is no reason to hide what the store says. */
async function liveRevision(ws: Workspace, entry: ModelEntry, { log }: Context): Promise<Revision | undefined> {
  try {
    const target = await ws.targetOf(entry);
    return (await target.describe(functionSettings(ws.environment, entry))).live;
  } catch (error) {
    log.warn(`The function of ${entry.name} could not be looked at: ${(error as Error).message}`);
    return undefined;
  }
}

function report(ws: Workspace, status: ModelStatus, live: Revision | undefined): ModelResult {
  const { pointer } = ws.environment;
  const current = status.live[pointer];
  const url = live?.url ?? '';
  const rows = status.versions.map((v) => [
    v.version,
    v.state,
    bytesText(v.bytes),
    v.publishedAt ?? '',
    v.named.join(', '),
  ]);
  const head = current
    ? `${status.model}: ${current.version} is live in ${pointer} (move ${current.sequence}, ${current.promoted_at}, by ${current.actor})`
    : `${status.model}: nothing is live in ${pointer}`;
  const served = url ? `, served at ${url}.` : ', no function runs.';
  const lines = rows.map(([version, state, size, at, named]) =>
    `  ${version}  ${state}  ${size}  ${at}  ${named}`.trimEnd(),
  );
  return {
    model: status.model,
    outputs: { version: current?.version ?? '', 'endpoint-url': url },
    document: {
      version: current?.version ?? null,
      'endpoint-url': url,
      live: live ?? null,
      pointers: status.live,
      versions: status.versions,
    },
    lines: [head + served, ...lines],
    summary: `${head}${served}\n\n${markdownTable(['version', 'state', 'size', 'published', 'named'], rows)}`,
  };
}

/** `coldgate status`. */
export async function run(input: WorkInput, context: Context): Promise<VerbResult> {
  const ws = await openWorkspace(input, context, { checkFiles: false });
  return eachModel('status', ws.models, async (entry) => {
    const status = await modelStatus(ws.store, entry.name);
    return report(ws, status, await liveRevision(ws, entry, context));
  });
}
