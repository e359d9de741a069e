import type { ModelEntry } from '../config/types.ts';
import { type ColdgateError, IntegrityError } from '../errors.ts';
import { type PointerFault, unsound } from '../registry/pointer/fault.ts';
import { type ModelStatus, modelStatus, statusFaults } from '../registry/pointer/status.ts';
import type { QueueState, TargetState } from '../rollout/target.ts';
import { functionSettings } from '../steps/function-settings.ts';
import { bytesText, everyModel, type ModelResult, markdownTable } from '../steps/results.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { openWorkspace, type WorkInput, type Workspace } from '../steps/workspace.ts';

/** The function, where the target can be reached; one that cannot be reached must not hide the store's state. */
async function functionOf(ws: Workspace, entry: ModelEntry, { log }: Context): Promise<TargetState | undefined> {
  try {
    const target = await ws.targetOf(entry);
    return await target.describe(functionSettings(ws.environment, entry));
  } catch (error) {
    log.warn(`The function of ${entry.name} could not be looked at: ${(error as Error).message}`);
    return undefined;
  }
}

type Faults = Map<string, PointerFault[]>;

/** Wrong pointers are shown as wrong; a sound pointer beside a wrong one does not make the exit code zero. */
function failureOf({ store }: Workspace, model: string, faults: Faults): ColdgateError | undefined {
  const failures = [...faults].map(([pointer, found]) => unsound({ store, model, pointer }, found));
  const [first, ...others] = failures;
  if (!first || others.length === 0) return first;
  const data = { faults: failures.map((failure) => failure.data) };
  return new IntegrityError(first.code, failures.map(({ message }) => message).join('\n'), { hint: first.hint, data });
}

function report(ws: Workspace, status: ModelStatus, faults: Faults, state: TargetState | undefined): ModelResult {
  const { pointer } = ws.environment;
  const { live, queue } = state ?? {};
  const current = status.live[pointer];
  const failure = failureOf(ws, status.model, faults);
  const url = live?.url ?? '';
  const rows = status.versions.map(rowOf);
  const wrong = faults.get(pointer);
  const head = wrong
    ? `${status.model}: what is live in ${pointer} is not known for certain: ${wrong.map((f) => f.message).join(' ')}`
    : current
      ? `${status.model}: ${current.version} is live in ${pointer} (move ${current.sequence}, ${current.promoted_at}, by ${current.actor})`
      : `${status.model}: nothing is live in ${pointer}`;
  const served = wrong ? '' : url ? `, served at ${url}.` : ', no function runs.';
  const waiting = queue ? [queueText(queue)] : [];
  const lines = rows.map((row) => `  ${row.join('  ')}`.trimEnd());
  return {
    model: status.model,
    outputs: { version: current?.version ?? '', 'endpoint-url': url },
    document: {
      version: current?.version ?? null,
      'endpoint-url': url,
      live: live ?? null,
      ...(queue && { queue }),
      pointers: status.live,
      faults: Object.fromEntries(faults),
      versions: status.versions,
    },
    lines: [head + served, ...waiting.map((text) => `  ${text}`), ...lines],
    summary: `${[head + served, ...waiting].join('\n\n')}\n\n${markdownTable(['version', 'state', 'size', 'published', 'named'], rows)}`,
    failure,
  };
}

const rowOf = ({ version, state, bytes, publishedAt = '', named }: ModelStatus['versions'][number]): string[] => [
  ...[version, state, bytesText(bytes), publishedAt, named.join(', ')],
];

const queueText = ({ waiting, working, dead }: QueueState): string =>
  `Its queue: ${waiting} waiting, ${working} being worked on, ${dead} given up.`;

/** `coldgate status`. */
export async function run(input: WorkInput, context: Context): Promise<VerbResult> {
  const ws = await openWorkspace(input, context, { checkFiles: false });
  return everyModel('status', ws.models, async (entry) => {
    const status = await modelStatus(ws.store, entry.name);
    const faults = await statusFaults(ws.store, status, [ws.environment.pointer]);
    return report(ws, status, faults, await functionOf(ws, entry, context));
  });
}
