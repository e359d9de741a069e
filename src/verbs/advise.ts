import { advise } from '../advice/advise.ts';
import type { Answer, Finding, Wishes } from '../advice/rule.ts';
import { findingText, remedyText } from '../advice/words.ts';
import { selectEnvironment, selectModels } from '../config/select.ts';
import { factsHere, factsThere, locateStore } from '../steps/advice/facts.ts';
import { readConfig } from '../steps/read-config.ts';
import { joinResults, type ModelResult, markdownTable } from '../steps/results.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { openWorkspace, type WorkInput } from '../steps/workspace.ts';

export interface AdviseInput extends WorkInput {
  /** Seconds. */
  p95?: number | undefined;
  requestsPerMonth?: number | undefined;
  clientTimeout?: number | undefined;
  dependenciesMb?: number | undefined;
  offline: boolean;
}

/** What is to be changed first. */
const order: readonly Answer[] = ['no', 'unknown', 'yes'];

function report(environment: string, model: string, all: readonly Finding[]): ModelResult {
  const findings = [...all].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  const count = (verdict: Answer) => findings.filter((one) => one.verdict === verdict).length;
  const head =
    findings.length === 0
      ? `${model} in ${environment}: no rule applies to functions on this machine.`
      : `${model} in ${environment}: ${count('no')} to change, ${count('unknown')} unknown, ${count('yes')} as they should be.`;
  const lines = findings.map((one) => `  ${one.verdict.padEnd(7)}  ${one.id}: ${findingText(one)}`);
  const rows = findings.map((one) => [one.verdict, one.id, one.why, remedyText(one)]);
  return {
    model,
    outputs: {},
    document: {
      environment,
      findings: findings.map(({ id, verdict, why, set = [], run = null, ...rest }) => ({
        ...{ rule: id, verdict, why, run },
        set: set.map(([path, value]) => ({ path, value: value === '' ? null : value })),
        text: remedyText({ set, ...(run !== null && { run }), ...rest }),
      })),
    },
    lines: [head, ...lines],
    summary: findings.length === 0 ? head : `${head}\n\n${markdownTable(['', 'rule', 'why', 'what to type'], rows)}`,
  };
}

/** `coldgate advise`: what is worth changing, with numbers. Looks, and changes nothing. */
export async function run(input: AdviseInput, context: Context): Promise<VerbResult> {
  const { p95, requestsPerMonth, clientTimeout, dependenciesMb } = input;
  const wishes: Wishes = { p95Ms: p95 && p95 * 1000, requestsPerMonth, clientTimeout, dependenciesMb };
  if (input.offline) {
    const config = await readConfig(input.config, context, { checkFiles: false });
    const environment = selectEnvironment(config, input.environment);
    const each = selectModels(config, input.model ?? []).map(async (entry) =>
      report(environment.name, entry.name, advise(await factsHere(config, environment, entry, wishes))),
    );
    return joinResults('advise', await Promise.all(each));
  }
  const ws = await openWorkspace(input, context, { checkFiles: false });
  const located = await locateStore(ws, context);
  const each: ModelResult[] = [];
  for (const entry of ws.models) {
    const facts = await factsThere(ws, entry, located, wishes, context);
    each.push(report(ws.environment.name, entry.name, advise(facts)));
  }
  return joinResults('advise', each);
}
