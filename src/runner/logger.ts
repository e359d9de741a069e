import * as core from '@actions/core';
import { formatProblem, type Problem } from '../errors.ts';
import type { Logger } from '../log.ts';
import { progressText } from '../terminal/logger.ts';
import { commandFree } from './commands.ts';

/** Words for the Actions log: groups fold, warnings are annotations, progress is a line every 15 seconds. */
export function runnerLogger(now: () => number = Date.now): Logger {
  let last = now();
  return {
    info: (message) => core.info(commandFree(message)),
    debug: (message) => core.debug(message),
    warn: (message, problem?: Partial<Problem>) => {
      const { file, line, ...rest } = problem ?? {};
      core.warning(formatProblem({ path: '', message, ...rest }), {
        title: 'Coldgate',
        ...(file && { file }),
        ...(line && { startLine: line }),
      });
    },
    progress: (label, done, total, unit) => {
      if (now() - last < 15_000) return;
      last = now();
      core.info(commandFree(progressText(label, done, total, unit)));
    },
    group: (title, work) => core.group(title, work),
    mask: (secret) => core.setSecret(secret),
  };
}
