import { z } from 'zod';
import type { CamelKeys } from '../camel-keys.ts';
import { whole } from './field-kinds.ts';

interface Bounds {
  /** Of `max-concurrency`. */
  concurrency: readonly [least: number, most: number];
  /** Of `attempts`, and what it is by default. */
  attempts?: readonly [least: number, most: number, otherwise: number];
}

/** `queue:` of a target, the same fields on every platform, with the bounds of its own service. */
export const queueSettings = ({ concurrency, attempts = [1, 100, 5] }: Bounds) =>
  z
    .strictObject({
      'max-concurrency': whole(...concurrency)
        .default(10)
        .describe('Messages that are worked on at a time, to protect what is behind.'),
      attempts: whole(attempts[0], attempts[1])
        .default(attempts[2])
        .describe('Deliveries of a message before it is given up.'),
      'keep-days': whole(1, 365)
        .default(7)
        .describe(
          'Days that results are kept and can be asked for. `coldgate doctor --suggest` prints the rule for it.',
        ),
    })
    .optional()
    .describe('A queue in front of the function: `POST /v1/async`.');

/** The settings as a driver gets them. */
export type QueueSettings = NonNullable<CamelKeys<z.infer<ReturnType<typeof queueSettings>>>>;
