import type { CloudStore } from '../../clouds.ts';
/** One thing to set up, with the very commands. */
export interface Advice {
  /** `versioning`, `private-access`, … */
  name: string;
  /** What it is good for here, as one or more sentences. */
  why: string;
  /** Files that the commands read. */
  files: { file: string; content: object }[];
  /** Lines for a POSIX shell, in order. */
  commands: string[];
  /** Not for everyone: the script has it as comments. */
  optional: boolean;
}

/** What the advice is for: a store and what Coldgate keeps in it. */
export interface Premises {
  /** Undefined for a folder. */
  store: CloudStore | undefined;
  /** Bucket, container, or the folder of a file store. */
  bucket: string;
  /** Storage account on Azure, else empty. */
  account: string;
  /** Begins every key: empty, or ends in a slash. */
  root: string;
  region: string | undefined;
  /** Of a compatible server. */
  endpoint: string | undefined;
  /** Of the cache in front of the store, by which functions read versions. */
  readUrl: string | undefined;
  /** Pointer names of all environments that share the store. */
  pointers: readonly string[];
  models: readonly string[];
  /** Paths of the files that models publish. */
  files: readonly string[];
  /** Age at which versions go into a colder class, days. */
  coldAfter: number;
  /** What queues of functions keep there, and for how many days it can be asked for. */
  queues: readonly { prefix: string; days: number }[];
  /** How long what was deleted or replaced can be had back, days. */
  keep: number;
}

/** Every key that Coldgate writes begins with one of these; the advice covers nothing else in the bucket. */
export const areasOf = ({ root, models }: Premises): string[] =>
  root === '' ? [...models.map((model) => `${model}/`), '_coldgate/'] : [root];

/** What versions begin with, a model each. */
export const versionAreasOf = ({ root, models }: Premises): string[] =>
  models.map((model) => `${root}${model}/versions/`);

/** The host of read-url. */
export const readHost = ({ readUrl }: Premises): string => (readUrl === undefined ? '' : new URL(readUrl).host);

/** The path of read-url, without a slash at its end. */
export const readPath = ({ readUrl }: Premises): string =>
  readUrl === undefined ? '' : new URL(readUrl).pathname.replace(/\/+$/, '');

/** Names what makes up the CDN of a store, in the letters and the length that all clouds take. */
export const cdnName = ({ account, bucket, root }: Pick<Premises, 'account' | 'bucket' | 'root'>): string =>
  `coldgate-${[account, bucket, root].join('-')}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 46)
    .replace(/-+$/, '');

/** Results of queues by their days, whole keys, for rules that take several prefixes. */
export function resultAreasOf({ root, queues }: Premises): Map<number, string[]> {
  const areas = new Map<number, string[]>();
  for (const { prefix, days } of queues) areas.set(days, [...(areas.get(days) ?? []), `${root}${prefix}`]);
  return areas;
}

/** What a lifecycle does with them, in words; nothing where there is no queue. */
export function resultWords({ queues }: Premises): string {
  const days = [...new Set(queues.map((one) => one.days))].sort((a, b) => a - b).join(' or ');
  return days === '' ? '' : ` Results of queues go after ${days} days.`;
}

/** As one word of a POSIX shell. */
export const quoted = (text: string): string =>
  /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

const textOf = ({ name, why, files, commands, optional }: Advice): string => {
  const written = files.map(
    ({ file, content }) => `cat > ${file} <<'END_OF_FILE'\n${JSON.stringify(content, null, 2)}\nEND_OF_FILE`,
  );
  const title = `# --- ${name}${optional ? ' (optional: take away the marks to run it)' : ''} `;
  const lines = [...written, ...commands].join('\n').split('\n');
  return [title.padEnd(80, '-'), `# ${why}`, ...lines.map((line) => (optional ? `#: ${line}` : line))].join('\n');
};

/** A page to read and, once read, to run. */
export function renderAdvice(environment: string, url: string, advice: readonly Advice[]): string {
  const head = [
    `# Set-up of the store of ${environment}, ${url}, written by coldgate doctor --suggest. Read it before you run it.`,
    '# Run it as an owner of the store, not as the pipeline; running it again changes nothing more.',
  ];
  return `${[head.join('\n'), ...advice.map(textOf)].join('\n\n')}\n`;
}
