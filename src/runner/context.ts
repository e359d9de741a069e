import { join } from 'node:path';
import type { Concealer } from '../conceal.ts';
import { ColdgateError, exitCodes } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Context, SharedCache } from '../steps/verb.ts';
import { actorOf, runUrlOf, sourceOf } from './identity.ts';
import { cacheDirOf } from './places.ts';

/** Aborted at the first SIGINT or SIGTERM, so that long work stops at a safe point; the second one ends at once. */
function signalOfProcess(): AbortSignal {
  const controller = new AbortController();
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(code);
      const hint = 'Run it again: it continues with what is there.';
      controller.abort(new ColdgateError('stopped', exitCodes.unexpected, `stopped by ${name}`, { hint }));
    });
  }
  return controller.signal;
}

/** Context of this process: both edges build theirs here. */
export function processContext(options: {
  log: Logger;
  distDir: string;
  cwd: string;
  dryRun: boolean;
  sharedCache?: SharedCache | undefined;
  conceal?: Concealer | undefined;
  ask?: Context['ask'];
}): Context {
  const env = process.env;
  return {
    log: options.log,
    env,
    cwd: options.cwd,
    cacheDir: cacheDirOf(env),
    handlerDir: join(options.distDir, 'handler'),
    now: () => new Date(),
    actor: actorOf(env),
    runUrl: runUrlOf(env),
    source: () => sourceOf(env, options.cwd),
    dryRun: options.dryRun,
    signal: signalOfProcess(),
    sharedCache: options.sharedCache,
    conceal: options.conceal,
    ask: options.ask,
  };
}
