import { z } from 'zod';
import { classMetrics, fewestItems, lossMetrics, shareMetrics } from '../../gate/quality/options.ts';
import { decimal, listOf, share, text, whole, words } from './field-kinds.ts';

/** Metrics of examples; `loss` is for outcomes from elsewhere. */
export const evaluatedMetrics = [
  ...shareMetrics,
  ...classMetrics,
  ...lossMetrics.filter((metric) => metric !== 'loss'),
] as const;

const amount = 'a percentage such as 0.5% or a number such as 0.005';
const loss = () =>
  z.union(
    [
      text(amount, /^(?:\d{1,3}|1000)(?:\.\d{1,4})?%$/),
      z.number({ error: amount }).min(0, { error: amount }).max(1e12, { error: amount }),
    ],
    { error: amount },
  );

const metric = () => z.enum(evaluatedMetrics, { error: `one of ${evaluatedMetrics.join(', ')}` });

/** Of each metric. Defaults follow the metric: docs/quality.md. */
const fields = {
  tolerance: loss()
    .optional()
    .describe('Loss of quality that never blocks. Default: 0.5% of the items; of mae and rmse 5% of the live loss.'),
  limit: loss()
    .optional()
    .describe('Loss of quality that must not pass; above `tolerance`. Default: 4%; of mae and rmse 25%.'),
  margin: z
    .enum(['absolute', 'relative'], { error: 'absolute or relative' })
    .optional()
    .describe(
      "Whether tolerance and limit are losses or shares of the live version's. Default: of mae and rmse relative.",
    ),
  cap: decimal(0, 1e12)
    .optional()
    .describe(
      'Of losses: from here on an answer is simply wrong. Default: 1; of mae and rmse what the dullest guess would lose.',
    ),
  'at-least': share().optional().describe('Of a first release: the share that has to be right.'),
  'at-most': decimal(0, 1e12).optional().describe('Of a first release: the mean loss that is allowed.'),
  k: whole(2, 100).optional().describe('Of top-k: how many of the best classes count. Default: 5.'),
  output: words('the name of an output', 256).optional().describe('Which output is judged. Default: the first.'),
};

const furtherMetric = z.strictObject({
  metric: metric().describe('What is judged.'),
  decides: z
    .boolean({ error: 'true or false' })
    .default(false)
    .describe('Whether it can block too; each metric that decides is held to a stricter error level.'),
  ...fields,
});

export const qualitySchema = z.strictObject({
  data: words('a path relative to models.yaml', 1024).describe(
    'Labelled examples: JSON Lines (.jsonl, .ndjson) or CSV, relative to models.yaml. They are read here and never published.',
  ),
  metric: metric().default('accuracy').describe('What decides.'),
  ...fields,
  'min-samples': whole(fewestItems, 1_000_000).default(fewestItems).describe('Fewer items decide nothing.'),
  'on-inconclusive': z
    .enum(['fail', 'lean', 'pass'], { error: 'fail, lean or pass' })
    .default('fail')
    .describe('What an unsure verdict does: block, decide by the side of the middle, or let pass.'),
  also: listOf(furtherMetric, 'metrics', 1, 8)
    .optional()
    .describe('Further metrics, shown beside the first, and deciding with it where they say so.'),
});
