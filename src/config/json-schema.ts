import { z } from 'zod';
import { modelsSchema } from './schema.ts';

/**
 * JSON Schema of models.yaml for editors, draft 7, which the YAML language server supports best. Committed as
 * schema/models.schema.json; `npm run docs` regenerates it.
 */
export function modelsJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(modelsSchema, { target: 'draft-7', io: 'input' });
  return {
    $schema,
    title: 'models.yaml of Coldgate',
    description: 'The models, where they are kept and where they run. Text may hold ${NAME} from the environment.',
    ...schema,
  };
}

/** The committed file's exact text. */
export const modelsJsonSchemaText = (): string => `${JSON.stringify(modelsJsonSchema(), null, 2)}\n`;
