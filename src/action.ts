import * as core from '@actions/core';
import type { VerbSpec } from './catalog/spec.ts';
import { catalog, findVerb } from './catalog.ts';
import { Concealer } from './conceal.ts';
import { checkToken } from './credential-words.ts';
import { exitCodes, InputError, toColdgateError } from './errors.ts';
import type { PlannedStep } from './github/event-plan.ts';
import type { GitHubReporter } from './github/reporter.ts';
import { readInputs } from './inputs.ts';
import { useProxies } from './proxy.ts';
import { runnerCache } from './runner/cache.ts';
import { processContext } from './runner/context.ts';
import { runnerLogger } from './runner/logger.ts';
import { needsNewerNode, runOnNewerNode } from './runner/newer-node.ts';
import { cacheDirOf, giveHome } from './runner/places.ts';
import { assertOutputs, concealed, reportFailure, reportResult, writeSummary } from './runner/report.ts';
import type { VerbResult } from './steps/verb.ts';

type Context = ReturnType<typeof processContext> & { conceal: Concealer };

/** Inputs that the event gives a verb, by name. */
type Given = Readonly<Record<string, string>>;

function chooseVerb(name: string): VerbSpec {
  const verb = findVerb(name);
  if (verb) return verb;
  const names = catalog.map((v) => v.name).join(', ');
  throw new InputError([{ path: 'input verb', message: `expected one of ${names}, got "${name}".` }]);
}

/** The action's inputs; what the event gives stands in for those that are empty or left at their default. */
function readValues(verb: VerbSpec, given: Given): Record<string, unknown> {
  const specs = verb.inputs.filter((i) => i.only !== 'cli');
  const texts = specs.map(({ name, default: usual }) => {
    const own = core.getInput(name);
    return [name, [own === '' || own === usual ? (given[name] ?? own) : own]] as const;
  });
  return readInputs(specs, Object.fromEntries(texts), (name) => `input ${name}`);
}

/** Runs one verb and reports it. Throws what the verb throws. */
async function runVerb(verb: VerbSpec, given: Given, context: Context): Promise<{ exit: number; result: VerbResult }> {
  const values = readValues(verb, given);
  const outcome = await verb.run(values, { ...context, dryRun: values['dryRun'] === true });
  const result = concealed(outcome, context.conceal);
  return { exit: await reportResult(verb.name, result, process.env), result };
}

/** Runs one step of an event's plan, with the reports to GitHub before and after it. */
async function runStep(
  { verb, inputs }: PlannedStep,
  context: Context,
  reporter: GitHubReporter | undefined,
): Promise<number> {
  const spec = chooseVerb(verb);
  await reporter?.begin(verb);
  const given = { ...inputs, ...(await reporter?.inputsFor(verb)) };
  try {
    const { exit, result } = await runVerb(spec, given, context);
    await reporter?.end({ verb, document: result.document, error: result.failure });
    return exit;
  } catch (thrown) {
    await reporter?.end({ verb, document: undefined, error: context.conceal.error(toColdgateError(thrown)) });
    throw thrown;
  }
}

/** Runs what the event asks for: decides and reports the plan first, then runs its steps up to the first that fails. */
async function runEvent(wanted: string, context: Context, at: (verb: string) => void): Promise<number> {
  at('event');
  const { decide } = await import('./verbs/event.ts');
  const only = wanted === 'event';
  if (wanted !== '') chooseVerb(wanted);
  const values = readValues(chooseVerb('event'), {}) as unknown as Parameters<typeof decide>[0];
  const { plan, result } = await decide(
    { ...values, wanted: only ? undefined : wanted },
    only ? 'show' : 'run',
    context,
  );
  await reportResult('event', concealed(result, context.conceal), process.env);
  if (only || plan.steps.length === 0) return exitCodes.done;
  const { openReporter } = await import('./runner/reporter.ts');
  const reporting = openReporter(process.env, core.getInput('token'), plan, values.config, context.log);
  try {
    for (const step of plan.steps) {
      at(step.verb);
      const exit = await runStep(step, context, reporting?.reporter);
      if (exit !== exitCodes.done) return exit;
    }
    return exitCodes.done;
  } finally {
    await writeSummary(reporting?.warnings() ?? '', process.env);
  }
}

/** Without an event and without a verb there is nothing to do; a whole release is no default. */
function nothingAsked(): InputError {
  const message = 'is empty, and there is no event to decide: GITHUB_EVENT_NAME is not set.';
  const hint = 'Give the input verb, such as ship, or run on an event of GitHub.';
  return new InputError([{ path: 'input verb', message, hint }], { code: 'no-event' });
}

/**
 * Runs a verb as an action; the root action passes none: its input `verb` decides, or the event of the run. Returns the
 * exit code: any but 0 fails the step. Never throws.
 */
export async function runAction(name: string | undefined, distDir: string): Promise<number> {
  const wanted = name ?? core.getInput('verb');
  let now = wanted || 'event';
  const conceal = new Concealer();
  try {
    giveHome(process.env);
    useProxies(process.env);
    const token = core.getInput('token');
    if (token !== '') core.setSecret(token);
    checkToken('input token', token);
    assertOutputs(process.env);
    const log = runnerLogger(Date.now, conceal);
    // A runner starts us on Node 24; a shell that plays runner may not.
    if (needsNewerNode()) return await runOnNewerNode(distDir, cacheDirOf(process.env), log);
    const cwd = process.env['GITHUB_WORKSPACE'] ?? process.cwd();
    const given = { log, distDir, cwd, dryRun: false, sharedCache: runnerCache(process.env, log), conceal };
    const context = { ...processContext(given), conceal };
    if (name === undefined && process.env['GITHUB_EVENT_NAME']) {
      return await runEvent(wanted, context, (verb) => {
        now = verb;
      });
    }
    if (wanted === '') throw nothingAsked();
    return (await runVerb(chooseVerb(wanted), {}, context)).exit;
  } catch (thrown) {
    return await reportFailure(now, conceal.error(toColdgateError(thrown)), process.env);
  }
}
