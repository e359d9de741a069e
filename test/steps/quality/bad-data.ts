/** A data file that is refused: where, and perhaps what is said. */
export interface BadData {
  name: string;
  text: string | Buffer;
  /** Places of the problems: line and path. */
  at: [number | undefined, string][];
  says?: RegExp;
  file?: string;
  metric?: string;
}

const good = '{"inputs": [[1, 2]], "expected": 0}';
const line = (name: string, text: string, at: string, says?: RegExp, metric?: string): BadData => ({
  ...{ name, text: `${good}\n${text}\n`, at: [[2, at]] },
  ...(says && { says }),
  ...(metric && { metric }),
});
const csv = (name: string, text: string, at: [number | undefined, string][], says?: RegExp): BadData => ({
  ...{ name, text, at, file: 'eval.csv' },
  ...(says && { says }),
});

/** Against x float32[n,2] and scores float32[n,3]. */
export const badData: BadData[] = [
  { name: 'an empty file', text: '', at: [[undefined, '']], says: /is empty/ },
  { name: 'blank lines alone', text: '\n\n  \n', at: [[undefined, '']], says: /has no items/ },
  {
    name: 'a pointer of Git LFS',
    text: 'version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n',
    at: [[undefined, '']],
    says: /is a Git LFS pointer.*git lfs pull/,
  },
  {
    name: 'a pointer of DVC',
    text: 'outs:\n- md5: 0123\n  size: 3\n  path: eval.jsonl\n',
    at: [[undefined, '']],
    says: /is a DVC pointer.*dvc pull/,
  },
  { name: 'an error page', text: '<!doctype html><html></html>', at: [[undefined, '']], says: /HTML page/ },
  { name: 'an unresolved merge', text: '<<<<<<< HEAD\n{}\n=======\n>>>>>>> other\n', at: [[undefined, '']] },
  line('a line that breaks off', '{"inputs": [[1, 2]]', '', /breaks off at column 20/),
  line('a bare word', 'hello', '', /malformed at column 1/),
  line('a list', '[1, 2]', '', /got a list/),
  line('a number', '5', '', /got a bare value/),
  line('null', 'null', '', /got a bare value/),
  line('two objects on a line', `${good} ${good}`, ''),
  line('NaN as Python writes it', '{"inputs": [[NaN, 2]], "expected": 0}', '', /Write it as text: "NaN"/),
  line('a comma too many', '{"inputs": [[1, 2]], "expected": 0,}', ''),
  line('single quotes', "{'inputs': [[1, 2]], 'expected': 0}", ''),
  line('an unknown field', '{"inputs": [[1, 2]], "expected": 0, "label": 1}', 'label', /Known are/),
  line('a field misspelt', '{"inputs": [[1, 2]], "expected": 0, "grup": 1}', 'grup', /Did you mean group\?/),
  line('no inputs', '{"expected": 0}', 'inputs', /got nothing/),
  line('a request without a task', '{"request": {"text": "x"}, "expected": 0}', 'request', /no task:/),
  line('another input', '{"inputs": {"y": [[1, 2]], "x": [[1, 2]]}, "expected": 0}', 'inputs.y', /only x/),
  line('an input missing', '{"inputs": {}, "expected": 0}', 'inputs.x', /which the model needs/),
  line('a number too few', '{"inputs": [[1]], "expected": 0}', 'inputs.x.shape', /\[n, 2\]/),
  line('a list too few', '{"inputs": [1, 2], "expected": 0}', 'inputs.x'),
  line('uneven lists', '{"inputs": [[1, 2], [1]], "expected": 0}', 'inputs.x[1]'),
  line('a text for a number', '{"inputs": [["secret", 2]], "expected": 0}', 'inputs.x[0][0]', /got another value/),
  line('null for a number', '{"inputs": [[null, 2]], "expected": 0}', 'inputs.x[0][0]'),
  line('a shape that is none', '{"inputs": {"x": {"shape": [1.5], "data": []}}, "expected": 0}', 'inputs.x.shape'),
  line(
    'fewer data than the shape',
    '{"inputs": {"x": {"shape": [1, 2], "data": [1]}}, "expected": 0}',
    'inputs.x.data',
  ),
  line('inputs that are a text', '{"inputs": "1 2", "expected": 0}', 'inputs.x'),
  line('nothing expected', '{"inputs": [[1, 2]]}', 'expected', /got nothing/),
  line('null expected', '{"inputs": [[1, 2]], "expected": null}', 'expected', /got null/),
  line('an empty text expected', '{"inputs": [[1, 2]], "expected": ""}', 'expected', /got nothing/),
  line('a label of a model without labels', '{"inputs": [[1, 2]], "expected": "cat"}', 'expected', /by its number/),
  line('half a class', '{"inputs": [[1, 2]], "expected": 0.5}', 'expected'),
  line('a class below zero', '{"inputs": [[1, 2]], "expected": -1}', 'expected'),
  line('a list as class', '{"inputs": [[1, 2]], "expected": [0]}', 'expected', /got a list of 1/),
  line('a text as number', '{"inputs": [[1, 2]], "expected": "much"}', 'expected', /for mae/, 'mae'),
  line('an object as vector', '{"inputs": [[1, 2]], "expected": {}}', 'expected', /for cosine/, 'cosine'),
  {
    name: 'a number and a text as classes',
    text: `${good}\n${good.replace('0}', '"ab"}')}\n`,
    at: [
      [1, 'expected'],
      [2, 'expected'],
    ],
    says: /for cer/,
    metric: 'cer',
  },
  line('an id that is a list', '{"id": [], "inputs": [[1, 2]], "expected": 0}', 'id'),
  line('an empty id', '{"id": " ", "inputs": [[1, 2]], "expected": 0}', 'id'),
  line('an id with a line break', '{"id": "a\\nb", "inputs": [[1, 2]], "expected": 0}', 'id'),
  line('an endless id', `{"id": "${'a'.repeat(201)}", "inputs": [[1, 2]], "expected": 0}`, 'id'),
  line('a group that is an object', '{"group": {}, "inputs": [[1, 2]], "expected": 0}', 'group'),
  {
    name: 'an id that is there already',
    text: '{"id": 1, "inputs": [[1, 2]], "expected": 0}\n\n{"id": "1", "inputs": [[2, 2]], "expected": 0}\n',
    at: [[3, 'id']],
    says: /that of line 1 too/,
  },
  {
    name: 'three lines that are wrong in their own ways',
    text: `${good}\nx\n{"inputs": [[1]]}\n`,
    at: [
      [2, ''],
      [3, 'inputs.x.shape'],
      [3, 'expected'],
    ],
  },
  {
    name: 'labels that contradict each other',
    text: `${good}\n${good.replace('0}', '1}')}\n`,
    at: [[undefined, '']],
    says: /2 items of 2 whose inputs occur with different labels/,
  },
  csv('a table without a head', '1,2,0\n', [[1, '']], /a column named expected/),
  csv('a head alone', 'a,b,expected\n', [[undefined, '']], /has no items/),
  csv('a column too few', 'a,b,expected\n1,2,0\n1,0\n', [[3, '']], /expected 3 columns, got 2/),
  csv('a column twice', 'a,a,expected\n1,2,0\n', [[1, '']], /got a twice/),
  csv('a quote that is never closed', 'a,b,expected\n1,2,0\n1,"2,0\n', [
    [3, 'inputs.x[0][1]'],
    [4, ''],
  ]),
  csv('a word among numbers', 'a,b,expected\n1,2,0\n1,"two",0\n', [[3, 'inputs.x[0][1]']]),
  csv('a row too short for the input', 'a,expected\n1,0\n', [[2, 'inputs.x.shape']]),
  csv('nothing expected in a row', 'a,b,expected\n1,2,\n', [[2, 'expected']], /got nothing/),
  csv('a label in a row', 'a,b,expected\n1,2,cat\n', [[2, 'expected']], /by its number/),
  csv('a row after a quoted line break', 'a,b,expected,id\n1,2,0,"x y"\n\n1,2\n', [[4, '']]),
];
