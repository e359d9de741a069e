/** Hints that no test follows, by the beginning of their file or of their words, and why. */
export const notFollowed: readonly { why: string; of: readonly string[] }[] = [
  {
    why: 'they ask for a change in an account of a cloud, or of its network; the words are held to recorded answers',
    of: [
      ...['src/stores/s3/', 'src/stores/gcs/', 'src/stores/azure/', 'src/targets/aws-lambda/', 'src/google/'],
      ...['src/azure/', 'src/targets/azure-functions/'],
      'src/oci/',
      ...['src/targets/google-cloud-run/', 'src/handler/', 'src/verbs/doctor.ts', 'src/github/api/attempt.ts'],
      'src/credential-words.ts',
    ],
  },
  {
    why: 'they ask for a field of a target whose refusals have tests of their own, each beside the setting that is right',
    of: [
      ...['src/config/check-google-cloud-run.ts', 'src/config/check-targets.ts', 'src/config/target-settings.ts'],
      'src/config/check-aws-rest-api.ts',
    ],
  },
  {
    why: 'they ask for a flag of `init` in a repository that has no models.yaml yet: test/verbs/init.test.ts',
    of: ['src/steps/init/', 'src/verbs/init.ts'],
  },
  {
    why: 'they ask for another machine, program, user or file system than the one that runs the tests',
    of: [
      ...['src/stores/file/', 'src/stores/file.ts', 'src/targets/local/', 'src/package/npm-pack.ts', 'src/runner/'],
      ...['src/package/platform.ts', 'src/package/runtime', 'src/package/cache-place.ts', 'Check its permissions.'],
      'There is a …: name it with --config',
    ],
  },
  {
    why: 'they ask for a look at a function, its log or its measurements, by a person',
    of: [
      ...['src/rollout/', 'src/measure/', 'src/steps/burst', 'src/steps/deployment.ts', 'src/steps/release/'],
      ...[
        'src/gate/rule/decide-samples.ts',
        'src/verbs/sweep.ts',
        'See its last lines above for the reason',
        'Run coldgate warmup again',
      ],
      'Run coldgate warmup first.',
    ],
  },
  {
    why: 'they ask for another model, or another form of it, from whoever trained it',
    of: [
      ...['src/optimize/', 'src/onnx/read-head.ts', 'src/package/budget.ts'],
      'Set models.….optimize',
      ...['src/onnx/external-ranges.ts', 'Save it with one: '],
      ...['Export the model with at least one graph input', 'Export the model with what callers ', 'Use a smaller'],
    ],
  },
  {
    why: 'they ask for other inputs, or another endpoint to record; the commands are run in test/verbs and test/doors',
    of: ['src/steps/sample/', 'src/verbs/sample.ts', 'Make one: '],
  },
  {
    why: 'they ask for other examples, or for a person who looks at answers; test/steps/quality has each refusal',
    of: ['src/steps/quality/', 'src/verbs/evaluate.ts'],
  },
  {
    why: 'they ask for other files beside the model, or another export: test/steps/task.test.ts has each beside what is taken',
    of: ['src/steps/task/', 'Correct the task, or the model.'],
  },
  {
    why: 'links are made by stores of clouds alone: test/verbs/url.test.ts has each refusal beside what is taken',
    of: ['src/verbs/url.ts'],
  },
  {
    why: 'they ask for a live function: followed in test/verbs/ping.test.ts',
    of: ['src/verbs/ping.ts'],
  },
  {
    why: 'a cache that something else writes to is followed in test/package/poisoned-cache.test.ts',
    of: ['src/package/'],
  },
  {
    why: 'two runs at once, or a store in trouble: followed in test/registry, where they are made to meet',
    of: [
      ...['src/registry/pointer/pointer-swap.ts', 'src/registry/pointer/swap.ts', 'src/registry/prune/fence.ts'],
      ...['src/registry/publish/copy', 'src/registry/publish/local-file.ts', 'src/registry/prune/plan.ts'],
      ...['Name the version with --to to go there all the same.', 'Use a store that honours conditional removals'],
      ...['Something else than Coldgate wrote it. Put it back', 'Promote a version first'],
    ],
  },
  {
    why: 'steps of a workflow that hand on something else than they were given: followed in test/doors',
    of: ['src/steps/step-inputs.ts', 'src/action.ts', 'src/cli.ts', 'GitHub Actions sets it; a container'],
  },
  {
    why: 'they name another command, another form of input, or whom to tell',
    of: [
      ...['src/errors.ts', 'See coldgate', 'Use - for standard input.', 'Add --model …'],
      ...['Set package: image and base-image', 'The payload of the event is not', 'Use names joined by "/"'],
    ],
  },
];
