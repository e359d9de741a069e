import { z } from 'zod';
import { listOf, words } from './field-kinds.ts';

const columnName = words('the name of a column', 512);

const column = z.strictObject({
  name: columnName.describe('As callers write it.'),
  input: words('the name of an input', 512)
    .optional()
    .describe('The input that it goes into. Default: the only input, or the one of its name.'),
  default: z
    .union([z.number(), z.string(), z.boolean()], { error: 'a number, text, true or false' })
    .optional()
    .describe(
      'What stands for a missing value. Default: not-a-number for floats, empty text; others may not be missing.',
    ),
});

/** Rows to the named outputs. */
export const tabular = z.strictObject({
  kind: z.literal('tabular').describe('Rows, as JSON or CSV, to the named outputs.'),
  columns: listOf(z.union([columnName, column], { error: 'a name, or name, input and default' }), 'columns', 1, 10_000)
    .optional()
    .describe(
      'The columns of a row. Several of one input are side by side in it, in this order. Default: the inputs, where each takes one value a row.',
    ),
  'unknown-columns': z
    .enum(['error', 'ignore'])
    .default('error')
    .describe('What a column means that is not in the list.'),
  outputs: listOf(words('the name of an output', 512), 'outputs', 1, 64)
    .optional()
    .describe('The outputs in an answer. Default: all.'),
  labels: z
    .union([words('the name of one of files', 512), listOf(words('a label', 256), 'labels', 1, 100_000)], {
      error: 'the name of one of files, or a list of labels',
    })
    .optional()
    .describe('What the columns of the class scores stand for. Default: what the graph says.'),
});
