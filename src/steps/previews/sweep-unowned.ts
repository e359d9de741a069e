import { type ColdgateError, toColdgateError } from '../../errors.ts';
import { functionSettings } from '../function-settings.ts';
import type { Context, VerbResult } from '../verb.ts';
import type { Workspace } from '../workspace.ts';
import { storedPreviews } from './list.ts';
import { previewFunction, previewNumber } from './name.ts';
import { removePreview } from './remove.ts';
import type { StoreGroup } from './store-groups.ts';
import { type OrphanRule, orphanReason } from './sweep-previews.ts';
import {
  functionNumber,
  functionsOn,
  isOfThisRepository,
  type StoredModel,
  storedModels,
  targetsOf,
} from './unowned.ts';
import { removeFunctions } from './unowned-previews.ts';

/** What a store and its targets have that no entry of models.yaml names. */
interface Unowned {
  lines: string[];
  /** Names of functions and models that stay until a person removes them. */
  named: string[];
  /** By model, as results of a sweep have it. */
  removed: { model: string; removed: { pullRequest: number; why: string }[] }[];
  failure: ColdgateError | undefined;
}

interface Sweeping {
  group: StoreGroup;
  rule: OrphanRule;
  context: Context;
  found: Unowned;
}

/** Previews of a model that models.yaml has lost, on every target of every environment of the store. */
async function sweepPreviews({ group, rule, context, found }: Sweeping, model: StoredModel): Promise<void> {
  const { name } = model;
  const removed: { pullRequest: number; why: string }[] = [];
  for (const preview of await storedPreviews(group.first.store, name)) {
    const { pullRequest } = preview;
    const why = orphanReason(preview, rule);
    if (!why) continue;
    if (!(await isOfThisRepository(group.first, model, pullRequest, context))) {
      found.lines.push(`${name}: the preview of #${pullRequest} of another repository stays.`);
      continue;
    }
    const targets = new Set([undefined, ...Object.values(group.first.config.models).map(({ target }) => target)]);
    for (const ws of context.dryRun ? [] : group.all) {
      for (const target of targets) await removePreview(ws, { name, retain: 1, target }, pullRequest, context);
    }
    removed.push({ pullRequest, why });
    const is = context.dryRun ? 'would be' : 'is';
    found.lines.push(`${name}, which models.yaml does not name: the preview of #${pullRequest} ${is} removed: ${why}.`);
  }
  if (removed.length > 0) found.removed.push({ model: name, removed });
}

/** Released versions are never removed for want of an entry: that may be a slip of the pen. */
function nameReleases({ group, found }: Sweeping, { name, versions, pointers }: StoredModel): void {
  const releases = versions.filter((version) => previewNumber(version) === undefined);
  if (releases.length + pointers.length === 0) return;
  found.named.push(name);
  const has = [...releases, ...pointers].join(', ');
  found.lines.push(
    `${name}: no entry of models.yaml owns it, and ${group.first.store.url} has ${has}. Put the entry back, or remove ${name}/ from the store.`,
  );
}

/** Reports a failure and sweeps the rest all the same. */
async function goOn({ context, found }: Sweeping, what: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    context.signal.throwIfAborted();
    const failure = toColdgateError(error);
    found.failure ??= failure;
    found.lines.push(`${what}: what models.yaml does not name was not swept to its end: ${failure.message}`);
  }
}

/** Functions that neither an entry nor a stored preview explains. */
async function sweepFunctions({ group, rule, context, found }: Sweeping, models: readonly StoredModel[]) {
  const { environments, models: entries } = group.first.config;
  const known = new Set<string>();
  for (const environment of Object.values(environments))
    for (const entry of Object.values(entries)) known.add(functionSettings(environment, entry).name);
  for (const { name, versions } of models)
    for (const number of versions.map(previewNumber)) if (number) known.add(previewFunction(name, number));
  const seen = async (ws: Workspace) => {
    for (const target of await targetsOf(ws)) {
      for (const { name } of await functionsOn(target, ws, context)) {
        if (known.has(name)) continue;
        const number = functionNumber(name);
        known.add(name);
        if (number !== undefined && rule.open && !rule.open.has(number)) {
          found.lines.push(...(await removeFunctions([{ name, target }], context)));
        } else {
          found.named.push(name);
          found.lines.push(
            `The function ${name} (${target.key}): no entry of models.yaml owns it. Put its model back and run coldgate destroy, or remove it there.`,
          );
        }
      }
    }
  };
  for (const ws of group.swept) await seen(ws);
}

/**
 * What exists in the stores and on the targets that were swept and that models.yaml does not name: previews follow the
 * same rule as others, all else is listed. Adds it to the sweep's result.
 */
export async function withUnowned(
  result: VerbResult,
  groups: readonly StoreGroup[],
  rule: OrphanRule,
  context: Context,
): Promise<VerbResult> {
  const found: Unowned = { lines: [], named: [], removed: [], failure: undefined };
  for (const group of groups) {
    const sweeping = { group, rule, context, found };
    const all = async () => {
      const models = await storedModels(group.first, context);
      if (!models) return;
      for (const model of models.filter(({ name }) => !Object.hasOwn(group.first.config.models, name))) {
        nameReleases(sweeping, model);
        await goOn(sweeping, model.name, sweepPreviews(sweeping, model));
      }
      await sweepFunctions(sweeping, models);
    };
    await goOn(sweeping, group.first.store.url, all());
  }
  const results = [...((result.document['results'] as unknown[]) ?? []), ...found.removed];
  return {
    ...result,
    outputs: { ...result.outputs, unowned: JSON.stringify(found.named) },
    document: { ...result.document, results, unowned: found.named },
    lines: [...result.lines, ...found.lines],
    summary: [result.summary, ...found.lines].join('\n\n'),
    failure: result.failure ?? found.failure,
  };
}
