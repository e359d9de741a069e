/**
 * Writes what is generated from the code: action.yml files, READMEs of actions, docs/reference.md, docs/cli.md, docs/config.md, the rooms of
 * docs/architecture.md, the tables and pictures of docs/scale.md and the JSON Schema of models.yaml. `--check` changes nothing and fails when a file is stale.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scalePage } from '../bench/herd/page.ts';
import { catalog } from '../src/catalog.ts';
import { modelsJsonSchema } from '../src/config/json-schema.ts';
import { configReference } from '../src/config/reference.ts';
import { generalHelp, verbHelp } from '../src/terminal/help.ts';
import { rulesText } from '../test/house-rules.ts';
import { referencePage } from './reference-page.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const check = process.argv.includes('--check');
const stale = [];

function put(path, text) {
  const full = join(root, path);
  if (existsSync(full) && readFileSync(full, 'utf8') === text) return;
  if (check) return stale.push(path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  console.error(`wrote ${path}`);
}

const yamlText = (text) => `'${text.replaceAll("'", "''")}'`;
const cell = (text) => text.replaceAll('|', '\\|');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((r) => `| ${r.map(cell).join(' | ')} |`).join('\n');

/** Inputs of the root action: those of every verb, since its `verb` input reaches all of them. */
const verbInput = {
  name: 'verb',
  type: catalog.map((v) => v.name),
  description: 'What to do, whatever the event says. Default: what the event asks for; see docs/github.md.',
};
const byName = (inputs) => [...new Map(inputs.map((i) => [i.name, i])).values()];
const inputsOf = (verb) => every(verb).filter((i) => i.only !== 'cli');
const every = (verb) =>
  verb.action === '.'
    ? byName([verbInput, ...verb.inputs, ...catalog.flatMap((v) => v.inputs.map((i) => ({ ...i, required: false })))])
    : verb.inputs;
const outputsOf = (verb) =>
  verb.action === '.' ? byName([...verb.outputs, ...catalog.flatMap((v) => v.outputs)]) : verb.outputs;

const typeText = (type) => (typeof type === 'string' ? type : type.map((t) => `\`${t}\``).join(', '));
const inputTable = (verb) =>
  table(
    ['input', 'type', 'default', 'what it is'],
    inputsOf(verb).map((i) => [
      `\`${i.name}\``,
      typeText(i.type),
      i.required ? '(required)' : i.default ? `\`${i.default}\`` : '',
      i.description,
    ]),
  );
const outputTable = (verb) =>
  table(
    ['output', 'what it is'],
    outputsOf(verb).map((o) => [`\`${o.name}\``, o.description]),
  );

function actionYaml(verb) {
  const folder = verb.action === '.' ? '' : '../../';
  const main = verb.action === '.' ? 'root' : verb.action;
  const inputs = inputsOf(verb).map((i) =>
    [
      `  ${i.name}:`,
      `    description: ${yamlText(i.description)}`,
      `    required: ${i.required === true}`,
      ...(i.default === undefined ? [] : [`    default: ${yamlText(i.default)}`]),
    ].join('\n'),
  );
  const outputs = outputsOf(verb).map((o) => `  ${o.name}:\n    description: ${yamlText(o.description)}`);
  const name = verb.action === '.' ? 'Coldgate' : `Coldgate ${verb.action}`;
  return `# Generated from src/catalog by \`npm run docs\`; change it there.
name: ${yamlText(name)}
description: ${yamlText(verb.summary)}
author: 'Coldgate'
branding:
  icon: 'shield'
  color: 'blue'
inputs:
${inputs.join('\n')}
outputs:
${outputs.join('\n')}
runs:
  using: 'node24'
  main: '${folder}dist/${main}.js'
`;
}

/** Replaces what stands between two markers. A file without them is an error: the table would silently go stale. */
function between(text, name, body, path) {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < 0) throw new Error(`${path} has no markers ${begin} … ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${body}\n\n${text.slice(to)}`;
}

function fill(path, blocks) {
  let text = readFileSync(join(root, path), 'utf8');
  for (const [name, body] of Object.entries(blocks)) text = between(text, name, body, path);
  put(path, text);
}

const exampleInputs = (verb) =>
  verb.inputs
    .filter((i) => ['environment', 'model'].includes(i.name))
    .map((i) => `    ${i.name}: ${i.name === 'model' ? 'digits' : 'staging'}`);

function actionReadme(verb) {
  return `# ${verb.action}

${verb.summary}

## Permissions

\`\`\`yaml
permissions:
${verb.permissions.map((p) => `  ${p}`).join('\n')}
\`\`\`

## Example

\`\`\`yaml
- uses: ./actions/${verb.action} # or coldgate/coldgate/actions/${verb.action}@v0
  id: ${verb.name}
  with:
${exampleInputs(verb).join('\n')}
- run: echo "\${RESULTS}"
  env:
    RESULTS: \${{ steps.${verb.name}.outputs.results }}
\`\`\`

${verb.about}

## Inputs

Types: \`text\`; \`list\` is separated by commas or lines; \`flag\` is true or false; \`count\` is a whole number; \`version\`, \`sha256\` and
\`url\` must be one: anything else is exit 2 with the input's name.

${inputTable(verb)}

## Outputs

With more than one model, each output is a JSON object from model to value.

${outputTable(verb)}

<sub>Generated from \`src/catalog\` by \`npm run docs\`.</sub>
`;
}

for (const verb of catalog.filter((v) => v.action)) {
  const folder = verb.action === '.' ? '' : `actions/${verb.action}/`;
  put(`${folder}action.yml`, actionYaml(verb));
  if (folder) put(`${folder}README.md`, actionReadme(verb));
}
const pages = catalog.map((v) => `## coldgate ${v.name}\n\n\`\`\`text\n${verbHelp(v)}\`\`\``).join('\n\n');
put(
  'docs/cli.md',
  `# The command line\n\nGenerated by \`npm run docs\` from the code.\n\n\`\`\`text\n${generalHelp()}\`\`\`\n\n${pages}\n`,
);
put('schema/models.schema.json', `${JSON.stringify(modelsJsonSchema(), null, 2)}\n`);
fill('docs/config.md', { config: configReference() });
const scale = scalePage(table);
fill('docs/scale.md', scale.tables);
for (const [path, svg] of Object.entries(scale.pictures)) put(path, svg);
fill('docs/architecture.md', { rooms: rulesText(table) });
put('docs/reference.md', referencePage({ catalog, table, inputTable, inputsOf, outputTable, verbInput }));
if (stale.length > 0) {
  console.error(`Stale: ${stale.join(', ')}. Run \`npm run docs\` and commit.`);
  process.exitCode = 1;
}
