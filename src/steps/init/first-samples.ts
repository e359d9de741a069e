import { access, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type ColdgateError, InputError, toColdgateError } from '../../errors.ts';
import { readConfig } from '../read-config.ts';
import { makeSample, samplePath } from '../sample/make-sample.ts';
import type { Context } from '../verb.ts';
import type { FoundModel } from './find-models.ts';

/** What running the models for the first time came to. */
export interface FirstRuns {
  /** Models that load and run, and by their names the paths of their samples. */
  samples: Map<string, string>;
  /** Which of these were there before. */
  kept: string[];
  failures: { model: FoundModel; error: ColdgateError }[];
}

/** A problem of the draft in words of the command line: the user has not seen that file. */
function inFlags(error: unknown): unknown {
  if (!(error instanceof InputError)) return error;
  const problems = error.problems.map(({ path, message, hint }) => {
    const field = path.replace(/^environments\.[^.]+\.(?:target\.)?/, '').replace(/^store\..*/, 'store');
    return { path: field === path ? path : `--${field === 'role' ? 'execution-role' : field}`, message, hint };
  });
  const seen = new Set<string>();
  const once = problems.filter(
    ({ path, message }) => !seen.has(`${path} ${message}`) && seen.add(`${path} ${message}`),
  );
  return new InputError(once, { code: error.code });
}

/**
 * Holds a draft of models.yaml to the rules, then runs every model and writes its golden sample beside it, unless one is
 * there. Throws InputError with every problem of the draft; what a model does wrong is in `failures`.
 */
export async function firstSamples(draft: string, models: readonly FoundModel[], context: Context): Promise<FirstRuns> {
  const name = `.models.yaml.${process.pid}.new`;
  const file = join(context.cwd, name);
  await writeFile(file, draft, { flag: 'wx' });
  try {
    const config = await readConfig(name, context).catch((error: unknown) => {
      throw inFlags(error);
    });
    const runs: FirstRuns = { samples: new Map(), kept: [], failures: [] };
    for (const model of models) {
      const entry = config.models[model.name];
      if (!entry) continue;
      context.signal.throwIfAborted();
      const output = samplePath(entry);
      const path = relative(context.cwd, output).replaceAll('\\', '/');
      context.log.progress(`run ${model.name}`, models.indexOf(model), models.length, 'steps');
      if (
        await access(output).then(
          () => true,
          () => false,
        )
      ) {
        runs.samples.set(model.name, path);
        runs.kept.push(path);
        continue;
      }
      try {
        await makeSample(config, entry, { inputs: [], from: undefined, output, force: false }, context);
        runs.samples.set(model.name, path);
      } catch (thrown) {
        context.signal.throwIfAborted();
        runs.failures.push({ model, error: toColdgateError(thrown) });
      }
    }
    return runs;
  } finally {
    await rm(file, { force: true });
  }
}
