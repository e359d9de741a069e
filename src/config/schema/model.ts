import { z } from 'zod';
import { gateDefaults } from '../../gate/rule/options.ts';
import { metrics } from '../../gate/rule/sample.ts';
import { namePatterns, nameRules } from '../../model/names.ts';
import { targetSchema } from './environment.ts';
import { decimal, duration, listOf, share, text, whole, words } from './field-kinds.ts';
import { qualitySchema } from './quality.ts';
import { taskSchema } from './task.ts';

const metric = z.enum(metrics as [(typeof metrics)[number], ...typeof metrics]);
const metricWords = `one of ${metrics.join(', ')}, or a list of them`;

export const gateSchema = z.strictObject({
  metric: z
    .union([metric, z.array(metric).min(1).max(metrics.length)], { error: metricWords })
    .default('model_loaded_ms')
    .describe('What is compared. With several, all must pass, and each is held to a stricter error level.'),
  tolerance: share()
    .default(`${gateDefaults.tolerance * 100}%`)
    .describe('Slowdown that never blocks.'),
  limit: share()
    .default(`${gateDefaults.limit * 100}%`)
    .describe('Slowdown that must not pass; above `tolerance`.'),
  'min-effect-ms': decimal(0, 60_000).default(gateDefaults.minEffectMs).describe('Slowdown in ms that never blocks.'),
  'max-samples': whole(7, 100).default(gateDefaults.maxSamples).describe('Most valid cold starts a side.'),
  'slo-ms': decimal(1, 600_000).optional().describe('Absolute bound for the 95th percentile of the candidate, ms.'),
  'on-inconclusive': z
    .enum(['fail', 'lean', 'pass'])
    .default(gateDefaults.onInconclusive)
    .describe('What an unsure verdict does: block, decide by the likelier side, or let pass.'),
  baseline: z
    .enum(['interleaved', 'stored'])
    .default(gateDefaults.baseline)
    .describe('Measure the live version alongside, or compare with its recorded samples (less certain).'),
  discard: whole(0, 20)
    .default(gateDefaults.discard)
    .describe('First cold starts a side that are shown but not judged.'),
  'max-seconds': whole(10, 21_600).default(gateDefaults.maxSeconds).describe('Longest measurement.'),
  'timeout-seconds': whole(1, 900)
    .default(gateDefaults.timeoutSeconds)
    .describe('A start slower than this counts as slower than all.'),
  watch: duration()
    .default(0)
    .describe('How long a promotion watches the live endpoint, and rolls back when it breaks; 0 does not watch.'),
});

const origin = text(
  '"*" or an origin such as https://app.example',
  /^(?:\*|https:\/\/[^\s/?#{}\p{Cc}]+|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?)$/u,
);

export const handlerSchema = z.strictObject({
  'max-payload-kb': whole(1, 1_048_576).default(5120).describe('Largest request body; Lambda takes 6 MB at most.'),
  threads: whole(1, 256).default(1).describe('Threads for one inference; more than vCPUs makes it slower.'),
  'refresh-seconds': whole(1, 86_400).default(30).describe('How often a running function looks at the pointer.'),
  'follow-over': duration()
    .default(0)
    .describe(
      'Time over which the instances of a function follow a flip, each at a random moment of it, so that a large fleet does not fetch a model at once. Default: all at once.',
    ),
  'run-timeout-ms': whole(100, 900_000)
    .default(25_000)
    .describe('How long one run of the model may take; its caller gets 504 then, and the model is loaded again.'),
  cors: listOf(origin, 'origins', 0, 100).default([]).describe('Origins that browsers may call from. Default: none.'),
  models: listOf(text(nameRules.model, namePatterns.model), 'model names', 1, 50)
    .optional()
    .describe('Models that share one function, this one included. Default: this one alone.'),
});

const forms = ['off', 'cold', 'steady'] as const;

const sourcePath = words('a path relative to models.yaml', 1024);

export const modelSchema = z.strictObject({
  version: text(nameRules.version, namePatterns.version)
    .max(128, { error: nameRules.version })
    .describe('Semantic version; once published it never changes.'),
  files: z
    .record(z.string().meta({ pattern: namePatterns.file.source }), sourcePath, {
      error: 'a mapping of names to paths',
    })
    .describe('Files of the version: name inside the version, then path of the file relative to models.yaml.'),
  model: words('the name of one of files', 512)
    .optional()
    .describe('Which of `files` is the ONNX model. Default: the one that ends in .onnx, or the only one.'),
  sample: sourcePath
    .optional()
    .describe('Golden sample: JSON with inputs, and with the outputs that a healthy function returns; published too.'),
  retain: whole(1, 10_000).default(5).describe('Versions that prune keeps beside those in use.'),
  optimize: z
    .union(
      [
        z.enum(forms),
        z.strictObject({
          form: z.enum(forms).describe('Which form.'),
          require: z
            .boolean()
            .default(false)
            .describe('Publish nothing where the form is refused, in place of the original alone with a warning.'),
        }),
      ],
      { error: `one of ${forms.join(', ')}, or a mapping with form` },
    )
    .default('off')
    .describe('Publish a load-optimised form too: for the fastest start, or for full warm speed.'),
  task: taskSchema
    .optional()
    .describe('How requests become tensors, and tensors answers. Default: callers send and get tensors.'),
  gate: gateSchema.optional().describe('When a cold start is too slow to go live.'),
  quality: qualitySchema.optional().describe('Labelled examples that a version must answer as well as what is live.'),
  handler: handlerSchema.optional().describe('Settings of the function’s request handling.'),
  target: targetSchema.optional().describe('Where this model’s function runs, in place of the environment’s target.'),
});
