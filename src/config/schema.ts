import { z } from 'zod';
import { namePatterns } from '../model/names.ts';
import { environmentSchema } from './schema/environment.ts';
import { modelSchema } from './schema/model.ts';

/**
 * models.yaml as it is written: kebab-case, defaults not yet applied by hand. The one source of the checks, of the JSON
 * Schema for editors and of docs/config.md. Rules between fields are in check-*.ts. Names are checked there too,
 * because zod passes over the value of a key that it refuses.
 */
export const modelsSchema = z.strictObject({
  schema: z.literal(1, { error: '1, the version of this format' }).describe('Version of this format.'),
  environments: z
    .record(z.string().meta({ pattern: namePatterns.environment.source }), environmentSchema, {
      error: 'a mapping of environment names to store and target',
    })
    .optional()
    .describe('Named pairs of store and target. Default: `local`, with both on this machine.'),
  models: z
    .record(z.string().meta({ pattern: namePatterns.model.source }), modelSchema, {
      error: 'a mapping of model names to version and files',
    })
    .describe('The models by name.'),
});

/** What a checked models.yaml holds, keys as written. */
export type ModelsFile = z.output<typeof modelsSchema>;
export type ModelFields = z.output<typeof modelSchema>;
export type EnvironmentFields = z.output<typeof environmentSchema>;
