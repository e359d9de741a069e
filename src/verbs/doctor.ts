import { ColdgateError, exitCodes } from '../errors.ts';
import { examineStore } from '../registry/doctor.ts';
import { staleRemoval } from '../registry/trust.ts';
import { toolVersion } from '../version.ts';
import { type SuggestInput, suggest } from './doctor-suggest.ts';
import { markdownTable } from './results.ts';
import type { Context, VerbResult } from './verb.ts';
import { openWorkspace } from './workspace.ts';

export interface DoctorInput extends SuggestInput {
  suggest: boolean;
}

/** `coldgate doctor`. */
export async function run(input: DoctorInput, context: Context): Promise<VerbResult> {
  if (input.suggest) return suggest(input, context);
  const { store, environment } = await openWorkspace(input, context, { checkFiles: false });
  const { now, log } = context;
  const { url, trusted, checks } = await examineStore({ store, now, log, coldgateVersion: toolVersion });
  const rows = checks.map((c) => [
    c.ok ? 'ok' : 'FAILED',
    c.name,
    c.ok ? `${c.proved} Seen: ${c.detail}.` : `${c.detail}. Wanted: ${c.proved}`,
  ]);
  const bad = checks.filter((c) => !c.ok);
  const unpruned = bad.some((c) => c.name === staleRemoval)
    ? ' Prune refuses it, since removals ignore conditions.'
    : '';
  const head = trusted
    ? `${url} honours preconditions of writes: ${checks.length - bad.length} of ${checks.length} checks passed.${unpruned}`
    : `${url} cannot be trusted with promotions: ${bad.map((c) => c.name).join(', ')} failed.`;
  const failure = trusted
    ? undefined
    : new ColdgateError('store-not-trusted', exitCodes.denied, head, {
        hint: 'Use a store that honours conditional writes; promote refuses this one.',
        data: { failed: bad.map((c) => c.name) },
      });
  return {
    outputs: { healthy: String(trusted) },
    document: { healthy: trusted, environment: environment.name, url, checks },
    lines: [head, ...rows.map(([ok, name, what]) => `  ${ok} ${name}: ${what}`)],
    summary: `## Coldgate doctor\n\n${head}\n\n${markdownTable(['', 'check', 'what it proved, or what was seen'], rows)}`,
    failure,
  };
}
