import {
  config,
  endpointUrl,
  environment,
  fresh,
  gateOut,
  model,
  reportPath,
  results,
  sha256,
  verdictOut,
  version,
} from './shared.ts';
import { verb } from './spec.ts';

export const warmup = verb({
  name: 'warmup',
  action: 'canary-warmup',
  summary: 'Measures forced cold starts of candidate and live, interleaved, and decides.',
  about:
    'Takes pairs of cold starts in alternating order, judges after 1/3, 1/2, 2/3 and all of gate.max-samples and stops when it is clear. --burst sends requests at once instead, and proposes how many instances to keep warm. Exit 4: the candidate loads slower or breaks the SLO; 5: no verdict; 7: the function did not prove its cold starts.',
  examples: [
    'coldgate warmup',
    'coldgate warmup --model digits --max-samples 60',
    'coldgate warmup --burst 50 --on live --k6 load.js',
  ],
  inputs: [
    config,
    environment,
    model,
    version,
    sha256,
    endpointUrl,
    { name: 'max-samples', type: 'count', description: 'Cold starts an arm at most. Default: gate.max-samples.' },
    fresh,
    reportPath,
    {
      name: 'burst',
      type: 'count',
      description:
        'Instead of measuring for the gate, send this many requests at once, twice, and report which are cold, throttled and slow.',
    },
    {
      name: 'on',
      type: ['candidate', 'live'],
      description: 'Which endpoint a burst goes to. Default: the candidate of this version, else the live one.',
    },
    { name: 'k6', type: 'text', description: 'Write a load test for k6 to this file; without --burst only that.' },
  ],
  outputs: [
    ...gateOut,
    { name: 'cold-share', description: 'Of a burst: share of the answered requests that met a cold start, 0 to 1.' },
    { name: 'throttled', description: 'Of a burst: requests that the platform turned away.' },
    { name: 'burst-p50', description: 'Of a burst: median, ms.' },
    { name: 'burst-p95', description: 'Of a burst: 95th percentile, ms.' },
    { name: 'burst-p99', description: 'Of a burst: 99th percentile, ms.' },
    {
      name: 'provisioned',
      description:
        'Of a burst: instances to keep warm for as many requests a second: provisioned-concurrency, min-instances or always-ready of the target.',
    },
    results,
  ],
  permissions: ['contents: read', 'id-token: write  # only where the target is in a cloud'],
  load: async () => (await import('../steps/step-inputs.ts')).checked((await import('../verbs/warmup.ts')).run),
});

export const evaluate = verb({
  name: 'evaluate',
  action: 'evaluate-model',
  summary: 'Holds the answers of a version to labelled examples against those of what is live, and decides.',
  about:
    'Needs quality: in models.yaml. Both versions answer the same labelled examples on this machine, in the package that is deployed, and the rule of docs/quality.md decides. Run again after it was killed, it continues; what was compared before is not compared again. Exit 2: the examples are not valid; 4: provably worse; 5: no verdict; 7: the answers prove nothing.',
  examples: ['coldgate evaluate', 'coldgate evaluate --model digits --version 1.1.0 --show'],
  inputs: [
    config,
    environment,
    model,
    version,
    sha256,
    { ...fresh, description: 'Ask the models again although their answers to these examples are known.' },
    { ...reportPath, description: 'Folder for the JSON report and the picture of the evaluation.' },
    {
      name: 'show',
      type: 'flag',
      only: 'cli',
      default: 'false',
      description: 'Print the examples that changed sides. Without it they are named by id alone.',
    },
  ],
  outputs: [
    verdictOut,
    { name: 'metric', description: 'The metric that decides.' },
    { name: 'candidate', description: 'What the version reaches in it; of losses the mean loss.' },
    { name: 'baseline', description: 'What the live version reaches; empty at a first release.' },
    { name: 'difference', description: 'The loss of quality as seen, above 0 where the version is worse.' },
    { name: 'report-path', description: 'JSON file of the evaluation; the picture lies beside it.' },
    results,
  ],
  permissions: ['contents: read', 'id-token: write  # only where the store is in a cloud'],
  load: async () => (await import('../steps/step-inputs.ts')).checked((await import('../verbs/evaluate.ts')).run),
});

export const decide = verb({
  name: 'decide',
  summary: 'Runs the gate on samples from anywhere.',
  about:
    'Reads {"candidate":[ms,…],"baseline":[ms,…],"options":{…}}; null or a number <= 0 is a failed measurement, "timeout" a start slower than all. No baseline or null is a first release; a baseline without values, [] or {}, is exit 7. Values are ms unless "unit" says s, us or ns; a median below 10 or above 60,000 needs the unit. With "sequence": true the samples are judged in order. Reads {"quality":{"kind":"binary","live":[1,0,…],"candidate":[…]},"options":{…}} as well: outcomes of the same items, 1 right, 0 wrong, or with "numeric" losses; null is an item without an answer; see docs/quality.md. Exit 0 pass, 4 regression, 5 inconclusive, 7 nothing was proven.',
  examples: ['coldgate decide --samples samples.json --json', 'cat samples.json | coldgate decide --samples - --json'],
  inputs: [
    {
      name: 'samples',
      type: 'text',
      required: true,
      description: 'JSON file with the samples; - reads standard input.',
    },
  ],
  outputs: [
    verdictOut,
    { name: 'reason', description: 'Why: `shift`, `tail`, `slo`, `clear`, `worse`, `unsure`, …' },
    { name: 'n', description: 'Valid cold starts an arm; of quality: items.' },
    { name: 'ratio', description: 'Hodges-Lehmann ratio candidate / baseline.' },
    { name: 'difference', description: 'Of quality: the loss as seen, above 0 where the candidate is worse.' },
    { name: 'lower', description: 'Lower bound of the ratio, or of the difference.' },
    { name: 'upper', description: 'Upper bound of the ratio, or of the difference.' },
  ],
  permissions: ['contents: read'],
  load: async () => (await import('../verbs/decide.ts')).run,
});

export const report = verb({
  name: 'report',
  summary: 'Renders the record of a measurement again.',
  about:
    'Reads a report file of warmup or evaluate or a record under baselines/ and prints it as terminal text, Markdown, SVG or JSON.',
  examples: ['coldgate report .coldgate/reports/digits-1.1.0.json', 'coldgate report record.json --format markdown'],
  inputs: [
    {
      name: 'file',
      type: 'text',
      required: true,
      positional: true,
      description: 'The record; - reads standard input.',
    },
    {
      name: 'format',
      type: ['terminal', 'markdown', 'svg', 'json'],
      default: 'terminal',
      description: 'How to render it.',
    },
  ],
  outputs: [],
  permissions: ['contents: read'],
  load: async () => (await import('../verbs/report.ts')).run,
});
