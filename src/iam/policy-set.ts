import type { Cloud } from '../clouds.ts';
/** A file of a role: a policy, a trust policy, a role definition, a condition. */
export interface PolicyFile {
  /** Name that the commands use. */
  file: string;
  kind: 'permissions' | 'trust' | 'condition';
  /** A JSON document, or text as it is. */
  content: object | string;
}

/** What one identity gets in one cloud, and the commands that give it. */
export interface PolicySet {
  role: 'pipeline' | 'preview' | 'function';
  cloud: Cloud['provider'];
  /** Name of the identity. */
  name: string;
  /** For whom it is, as one sentence. */
  purpose: string;
  files: PolicyFile[];
  /** Lines that set the variables used in the files. */
  setup?: string[];
  /** Lines for a shell, in order. */
  commands: string[];
  /** What a reader should know before running them. */
  notes: string[];
}

const clouds = { aws: 'AWS', google: 'Google Cloud', azure: 'Azure' };

const textOf = ({ content }: PolicyFile): string =>
  typeof content === 'string' ? content.replace(/\n$/, '') : JSON.stringify(content, null, 2);

/** A policy file as a shell heredoc. The shell expands the file's variables, if it has any. */
function heredoc(file: PolicyFile): string {
  const text = textOf(file);
  const mark = text.includes('${') ? 'END_OF_FILE' : "'END_OF_FILE'";
  return `cat > ${file.file} <<${mark}\n${text}\nEND_OF_FILE`;
}

function section({ role, cloud, name, purpose, files, setup = [], commands, notes }: PolicySet): string {
  const title = `# --- ${clouds[cloud]}, ${role}: ${name} `;
  return [
    title.padEnd(80, '-'),
    `# ${purpose}`,
    ...notes.map((note) => `# Note: ${note}`),
    '',
    ...setup,
    ...files.map(heredoc),
    ...(files.length > 0 ? [''] : []),
    ...commands,
  ].join('\n');
}

/** A script to read and then run: explanations are shell comments. */
export function renderScript(environment: string, verbs: readonly string[], policySets: readonly PolicySet[]): string {
  const head = [
    `# Permissions of the environment ${environment}, written by coldgate iam. Read them before you run this.`,
    `# The pipeline may run: ${verbs.join(', ')}.`,
    '# Running it again after a change of models.yaml adds what is new; on AWS it takes away what is gone, too.',
  ];
  return `${[head.join('\n'), ...policySets.map(section)].join('\n\n')}\n`;
}
