import * as core from '@actions/core';
import type { VerbSpec } from './catalog/spec.ts';
import { catalog, findVerb } from './catalog.ts';
import { exitCodes, InputError, toColdgateError } from './errors.ts';
import { readInputs } from './inputs.ts';
import { annotate } from './runner/annotate.ts';
import { runnerCache } from './runner/cache.ts';
import { processContext } from './runner/context.ts';
import { runnerLogger } from './runner/logger.ts';
import { needsNewerNode, runOnNewerNode } from './runner/newer-node.ts';
import { cacheDirOf } from './runner/places.ts';

/** GitHub drops a step summary of 1 MiB without a word (actions/runner#4337); we stay far below. */
const summaryLimit = 512 * 1024;

function chooseVerb(name: string): VerbSpec {
  const verb = findVerb(name);
  if (verb) return verb;
  const names = catalog.map((v) => v.name).join(', ');
  throw new InputError([{ path: 'input verb', message: `expected one of ${names}, got "${name}".` }]);
}

function readTexts(verb: VerbSpec): Record<string, string[]> {
  const names = verb.inputs.filter((i) => i.only !== 'cli').map((i) => i.name);
  return Object.fromEntries(names.map((name) => [name, [core.getInput(name)]]));
}

async function writeSummary(markdown: string): Promise<void> {
  if (!process.env['GITHUB_STEP_SUMMARY'] || markdown === '') return;
  const cut = Buffer.byteLength(markdown) > summaryLimit;
  const text = cut ? `${markdown.slice(0, summaryLimit / 4)}\n\n… cut; the report file has everything.\n` : markdown;
  await core.summary.addRaw(`${text}\n`).write();
}

async function runVerb(verb: VerbSpec, distDir: string): Promise<number> {
  const log = runnerLogger();
  const values = readInputs(verb.inputs, readTexts(verb), (name) => `input ${name}`) as Record<string, unknown>;
  const context = processContext({
    log,
    distDir,
    cwd: process.env['GITHUB_WORKSPACE'] ?? process.cwd(),
    dryRun: values['dryRun'] === true,
    sharedCache: runnerCache(process.env, log),
  });
  const result = await verb.run(values, context);
  for (const line of result.lines) core.info(line);
  for (const [name, value] of Object.entries(result.outputs)) core.setOutput(name, value);
  await writeSummary(result.summary);
  if (result.failure) annotate(verb.name, result.failure);
  return result.failure?.exit ?? exitCodes.done;
}

/**
 * Runs a verb as an action; the root action passes none and takes it from its input `verb`.
 * Answers the exit code: any but 0 fails the step. Never throws.
 */
export async function runAction(name: string | undefined, distDir: string): Promise<number> {
  const wanted = name ?? (core.getInput('verb') || 'ship');
  try {
    // A runner starts us on Node 24; a shell that plays runner may not.
    if (needsNewerNode()) return await runOnNewerNode(distDir, cacheDirOf(process.env), runnerLogger());
    return await runVerb(chooseVerb(wanted), distDir);
  } catch (thrown) {
    const error = toColdgateError(thrown);
    annotate(wanted, error);
    await writeSummary(`### Coldgate ${wanted} failed: \`${error.code}\`\n\n${error.message}\n\n${error.hint ?? ''}`);
    return error.exit;
  }
}
