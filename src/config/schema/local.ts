import { z } from 'zod';
import { whole } from './field-kinds.ts';
import { queueSettings } from './queue.ts';

export const localTarget = z
  .strictObject({
    provider: z.literal('local'),
    port: whole(1, 65535)
      .optional()
      .describe('Port of the live endpoint on loopback. Default: a free one, chosen once and remembered.'),
    queue: queueSettings({ concurrency: [1, 1000] }),
  })
  .describe('The package, unzipped and run as processes on this machine.');
