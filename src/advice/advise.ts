import type { Facts, Finding, Rule } from './rule.ts';
import { cdn, privateOrigin } from './rules/cdn.ts';
import { logRetention, publicEndpoint, restApi } from './rules/exposure.ts';
import { follow } from './rules/fleet.ts';
import { caps, concurrency, memory, threads, timeouts } from './rules/limits.ts';
import { imageSize, optimizedForm, packageForm } from './rules/package.ts';
import { queue } from './rules/queue.ts';
import { gatewayRegion, readUrl, regions, vpc } from './rules/regions.ts';
import { modelPlace, preWarm, slo } from './rules/start.ts';

/** Every rule, in the order in which findings are shown: how it starts, where it is, what it is held by, who may call. */
export const rules: readonly Rule[] = [
  packageForm,
  imageSize,
  optimizedForm,
  modelPlace,
  preWarm,
  slo,
  regions,
  gatewayRegion,
  readUrl,
  cdn,
  privateOrigin,
  vpc,
  timeouts,
  memory,
  threads,
  concurrency,
  caps,
  queue,
  follow,
  publicEndpoint,
  restApi,
  logRetention,
];

/** What every rule that applies finds. Pure. */
export function advise(facts: Facts): Finding[] {
  return rules.flatMap(({ id, judge }) => {
    const found = judge(facts);
    return found ? [{ id, environment: facts.environment.name, model: facts.entry.name, ...found }] : [];
  });
}

/** Findings that are warnings of validate, each text once: what is set for an environment is the same for its models. */
export const warnings = (findings: readonly Finding[]): Finding[] =>
  findings.filter(({ id, verdict }) => verdict === 'no' && rules.some((rule) => rule.id === id && rule.warns));

/** Findings that rest on what an account or a measurement says, for doctor. */
export const lookedUp = (findings: readonly Finding[]): Finding[] =>
  findings.filter(({ id }) => rules.some((rule) => rule.id === id && rule.looksUp));
