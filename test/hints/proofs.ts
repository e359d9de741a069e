import { writeFileSync } from 'node:fs';
import { countingModel } from '../fixtures/counting-model.ts';
import { encodeModel, node, tensor, tensorType, value } from '../fixtures/onnx.ts';
import type { Project } from '../fixtures/project.ts';
import { change, models, type Situation } from './situation.ts';

const write = (project: Project, model: Uint8Array, sample?: object): void => {
  writeFileSync(project.path('models', 'digits.onnx'), model);
  if (sample) writeFileSync(project.path('models', 'sample.json'), JSON.stringify(sample));
  else change(models(project), (text) => text.replace('    sample: models/sample.json\n', ''));
};

const unary = (operator: string): Buffer =>
  encodeModel({
    nodes: [node(operator, ['x'], ['y'])],
    inputs: [value('x', tensorType('float32', ['batch', 2]))],
    outputs: [value('y', tensorType('float32', ['batch', 2]))],
  });

/** A table of two rows, asked for by number. */
const lookup = (): Buffer =>
  encodeModel({
    nodes: [node('Gather', ['table', 'x'], ['y'])],
    initializers: [tensor('table', 'float32', [2], new Uint8Array(Float32Array.of(5, 7).buffer))],
    inputs: [value('x', tensorType('int64', ['count']))],
    outputs: [value('y', tensorType('float32', ['count']))],
  });

/** Long enough for every bound that is looked at, and a fraction of a second at most where there is none. */
const slow = (project: Project): void => write(project, countingModel(), { inputs: { n: 1_000_000, x: [0] } });

/** Two million times what it is given, which no answer of Lambda's holds. */
const repeating = (): Buffer =>
  encodeModel({
    nodes: [node('Expand', ['x', 'size'], ['y'])],
    initializers: [tensor('size', 'int64', [1], new Uint8Array(BigInt64Array.of(2_000_000n).buffer))],
    inputs: [value('x', tensorType('float32', [1]))],
    outputs: [value('y', tensorType('float32', [2_000_000]))],
  });

/** In place of the local target, with one function of Lambda. */
const onLambda = (project: Project, settings = ''): void =>
  change(models(project), (text) =>
    text.replace(
      /target: \{.*?\}/,
      `target: { provider: aws-lambda, region: eu-west-1, role: "arn:aws:iam::123456789012:role/r"${settings} }`,
    ),
  );

const tooLargeAnswers = [
  ['of a function URL', '', /target\.response-stream: expected true[\s\S]*Set it to true\./],
  ['of an HTTP API', ', endpoint: http-api', /target\.endpoint: expected function-url with response-stream: true/],
] as const;

const answers = tooLargeAnswers.map(
  ([where, settings, hint]): Situation => ({
    name: `an answer above the 6 MB ${where} on Lambda`,
    line: 'validate',
    spoil: (project) => {
      write(project, repeating(), { inputs: { x: [0.12345678] } });
      onLambda(project, settings);
    },
    hint,
    follow: (project, _found, run) => {
      onLambda(project, ', endpoint: function-url, response-stream: true');
      return run;
    },
  }),
);

/** What loading and running a model shows. */
export const ofProofs: readonly Situation[] = [
  {
    name: 'an operator that the runtime does not have',
    line: 'validate --local',
    spoil: (project) => write(project, unary('NoSuchOperator'), { inputs: { x: [[1, 2]] } }),
    hint: /It is ONNX Runtime [\d.]+; export the model for it\./,
    follow: (project, _found, run) => {
      write(project, unary('Relu'), { inputs: { x: [[1, 2]] } });
      return run;
    },
  },
  {
    name: 'a sample whose values the graph refuses',
    line: 'validate --local',
    spoil: (project) => write(project, lookup(), { inputs: { x: [9] } }),
    hint: /Give inputs that it takes, or correct the model\./,
    follow: (project, _found, run) => {
      write(project, lookup(), { inputs: { x: [1] } });
      return run;
    },
  },
  {
    name: 'a run that takes longer than a function may',
    line: 'validate --local',
    spoil: (project) => {
      slow(project);
      change(models(project), (text) => text.replace('refresh-seconds: 1', 'run-timeout-ms: 100'));
    },
    hint: /Set it to (\d+), or use a smaller sample\./,
    follow: (project, [, ms], run) => {
      change(models(project), (text) => text.replace('run-timeout-ms: 100', `run-timeout-ms: ${ms}`));
      return run;
    },
  },
  {
    name: 'a bound of memory that the model needs more than',
    line: 'validate --local',
    env: { COLDGATE_CHECK_MEMORY_MB: '16' },
    spoil: slow,
    hint: /If the model needs that much, set COLDGATE_CHECK_SECONDS or COLDGATE_CHECK_MEMORY_MB above the bounds of this run/,
    follow: (_project, _found, run) => ({ ...run, env: { COLDGATE_CHECK_MEMORY_MB: '1000' } }),
  },
  ...answers,
];
