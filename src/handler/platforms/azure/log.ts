import type { InvocationContext } from '@azure/functions';
import type { WriteLine } from '../../http/log-line.ts';

type Invocation = Pick<InvocationContext, 'info' | 'warn' | 'error'>;

/**
 * Lines written through an invocation stand under it in Application Insights, with the severity of their level; those
 * written outside of one go to `rest`.
 */
export const writeToInvocation =
  (current: () => Invocation | undefined, rest: WriteLine): WriteLine =>
  (line, level = 'info') => {
    const invocation = current();
    if (invocation) invocation[level](line);
    else rest(line, level);
  };
