import * as core from '@actions/core';
import { Concealer } from '../conceal.ts';
import { formatProblem, type Problem } from '../errors.ts';
import type { Logger } from '../log.ts';
import { progressText } from '../terminal/logger.ts';
import { commandFree } from './commands.ts';

/** Words for the Actions log: groups fold, warnings are annotations, progress is a line every 15 seconds. */
export function runnerLogger(now: () => number = Date.now, conceal: Concealer = new Concealer()): Logger {
  let last = now();
  return {
    info: (message) => core.info(commandFree(conceal.text(message))),
    debug: (message) => core.debug(conceal.text(message)),
    warn: (message, problem?: Partial<Problem>) => {
      const { file, line, ...rest } = problem ?? {};
      core.warning(conceal.text(formatProblem({ path: '', message, ...rest })), {
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
    group: (title, work) => core.group(conceal.text(title), work),
    mask: (secret) => core.setSecret(secret),
  };
}
