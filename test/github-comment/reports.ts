import { exampleRecord, examples } from '../../bench/gate/example-record.ts';
import type { ModelPreview, PreviewReport } from '../../src/github/comment/preview.ts';
import type { Manifest } from '../../src/model/manifest.ts';

const sha256 = '3f8e1c52a7d94b60c1de5a90b7e2f4835d6a1c09e84f7b23a5c6d7e8f9012345';

const manifestOf = (name: string, version: string): Manifest => ({
  schema: 1,
  name,
  version,
  files: [
    { path: 'model.onnx', sha256, size: 41_234_567 },
    { path: 'sample.json', sha256, size: 412 },
    { path: 'labels.json', sha256, size: 96 },
  ],
  framework: 'onnx',
  input: { name: 'pixels', dtype: 'float32', shape: ['batch', 8] },
  created_at: '2026-01-12T09:00:00.000Z',
  model: 'model.onnx',
  inputs: [{ name: 'pixels', dtype: 'float32', shape: ['batch', 8] }],
  outputs: [
    { name: 'label', dtype: 'int64', shape: ['batch'] },
    { name: 'probabilities', dtype: 'float32', shape: ['batch', 10] },
  ],
  opset: 17,
  ir_version: 9,
  producer: 'skl2onnx 1.17.0',
  sample: 'sample.json',
  artifacts: [],
  source: { repository: 'octo-org/models', commit: 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678' },
  coldgate: '0.1.0',
});

const version = '1.2.0-pr.12.a1b2c3d';

/** A measured preview as it is most days. */
export function preview(name: string, scenario: keyof typeof examples): ModelPreview {
  const record = { ...exampleRecord(examples[scenario]), model: name };
  return {
    name,
    version,
    state: { kind: 'measured', record },
    live: '1.1.0',
    url: `https://${name}-k3x7q.lambda-url.eu-west-1.on.aws/`,
    functionName: `coldgate-pr-12-${name}`,
    manifest: manifestOf(name, version),
    sha256,
    sample: { inputs: { pixels: [[0, 0.25, 1, 0.5, 0, 0, 0.75, 1]] } },
    pruned: ['1.2.0-pr.12.9f8e7d6'],
  };
}

export const report = (...models: ModelPreview[]): PreviewReport => ({
  sha: 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678',
  runUrl: 'https://github.com/octo-org/models/actions/runs/99',
  models,
});

/** Texts that would be markup, a mention, a command or a script where they got through. */
export const hostileTexts = [
  '<script>window.hit=1</script>',
  '<img src=x onerror="window.hit=1">',
  '<svg onload="window.hit=1">',
  '</summary></details><script>window.hit=1</script>',
  '<a href="javascript:window.hit=1">x</a>',
  '[x](javascript:window.hit=1)',
  '![x](https://evil.example/pixel.png)',
  '@octocat and @org/team',
  '#1 and GH-1 and octo-org/models#1',
  '`code` ``more``',
  '```\nend of fence',
  '~~~\nend of fence',
  '| a | b |',
  '# Heading\n## Another',
  'line\r\nend\rof\u2028line\u2029s',
  '-->\n<!-- coldgate:preview -->',
  '<!-- open comment',
  '&lt;script&gt; &#60;script&#62;',
  '\u202eevil\u202c \u2066x\u2069 \u200b',
  '\u001b[31mred\u001b[0m \u0007 \u0000',
  '::error::x\n::set-output name=a::b\n##[add-mask]x',
  "'; touch /tmp/x; '",
  '$(touch /tmp/x) `touch /tmp/x` ${IFS}',
  '${{ secrets.GITHUB_TOKEN }}',
  '../../etc/passwd',
  'http://evil.example/ www.evil.example',
  '%%{init: {"securityLevel": "loose"}}%%',
  'click A "javascript:window.hit=1"',
  '"] --> B["<img src=x onerror=window.hit=1>',
  '$\\text{math}$ $$x$$',
  '[^1]: footnote\n[x]: https://evil.example',
  ':rocket: :tada:',
  '*bold* _em_ ~~gone~~',
  '\ud800 lone surrogate',
  'x'.repeat(70_000),
] as const;

/** A preview in which every text is that one. */
export function hostile(evil: string): ModelPreview {
  const usual = preview('digits', 'regression');
  const state = usual.state.kind === 'measured' ? usual.state : undefined;
  if (!state || !usual.manifest) throw new Error('the usual preview is measured');
  const { record } = state;
  const tensor = { name: evil, dtype: 'float32', shape: [evil] } as const;
  return {
    name: evil,
    version: evil,
    live: evil,
    url: `https://a.example/${evil.slice(0, 200)}`,
    functionName: evil,
    sha256: evil,
    state: {
      kind: 'measured',
      record: {
        ...record,
        model: evil,
        target: evil,
        candidate: { version: evil },
        baseline: { version: evil },
        verdict: { ...record.verdict, line: evil, advice: evil },
        samples: record.samples.map((s) => ({ ...s, at: evil, note: evil, status: 'failed' as const })),
      },
    },
    manifest: {
      ...usual.manifest,
      inputs: [{ ...tensor, shape: [...tensor.shape] }],
      outputs: [{ ...tensor, shape: [...tensor.shape] }],
      producer: evil,
      sample: evil,
      files: [{ path: evil, sha256, size: 1 }],
      source: { commit: evil },
    },
    sample: { inputs: { [evil]: [evil] } },
    pruned: [evil],
  };
}
