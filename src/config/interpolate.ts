import type { Path } from './yaml-node.ts';

/** What is wrong with a `${…}`, in words that follow the field's path. */
export interface InterpolationFault {
  message: string;
  hint: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const escapeHint = 'Write $${ for a literal ${.';

/**
 * Variables that are no secret: they describe the run and its machine. A run of untrusted code reads no others, and
 * their values are not concealed.
 */
export const publicVariables: ReadonlySet<string> = new Set([
  ...['HOME', 'TMPDIR', 'CI', 'AWS_REGION', 'AWS_DEFAULT_REGION'],
  ...['RUNNER_OS', 'RUNNER_ARCH', 'RUNNER_TEMP', 'GITHUB_WORKSPACE', 'GITHUB_RUN_ID', 'GITHUB_RUN_NUMBER'],
  ...['GITHUB_REPOSITORY', 'GITHUB_REPOSITORY_OWNER', 'GITHUB_SHA'],
]);

/** The variables that a run without trust may read. */
export const publicOnly = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([name]) => publicVariables.has(name)));

/**
 * Whether a field may hold `${…}`: stores, targets and origins. Everything else of a model, the names of pointers and
 * aliases and the provider are printed, sent and published wherever a version is.
 */
export function mayInterpolate(path: Path): boolean {
  const [section, , field, inner] = path.map(String);
  if (section === 'environments') {
    return field === 'store' || (field === 'target' && inner !== 'alias' && inner !== 'provider');
  }
  if (section !== 'models') return false;
  return (field === 'target' && inner !== 'alias' && inner !== 'provider') || (field === 'handler' && inner === 'cors');
}

/** A `${…}` where there can be none. */
export const notHere: InterpolationFault = {
  message: 'expected the value itself, got ${…}: versions, names, paths and numbers take nothing from the environment.',
  hint: 'Write the value here, or have a step before this one write models.yaml.',
};

/** Whether the text asks for the environment; `$${` does not. */
export const interpolates = (text: string): boolean => /\$\{/.test(text.replaceAll('$${', ''));

/**
 * Puts environment variables in: `${NAME}` alone, `$${` stands for `${`. The result is text whatever it holds: it is
 * neither read as YAML nor looked at for further `${`. Nothing else of any shell or of GitHub's expressions is known.
 */
export function interpolate(
  text: string,
  env: Environment,
): { text: string; faults: InterpolationFault[]; used: string[] } {
  const faults: InterpolationFault[] = [];
  const used: string[] = [];
  const result = text.replace(/\$\$\{|\$\{\{|\$\{([^}]*)(\}?)/g, (found, name: string | undefined, close: string) => {
    if (found === '$${') return '${';
    const fault = faultOf(found, name, close);
    const value = Object.hasOwn(env, name as string) ? env[name as string] : undefined;
    if (fault) faults.push(fault);
    else if (value === undefined) faults.push(missing(name as string));
    else used.push(name as string);
    return fault ? found : (value ?? found);
  });
  return { text: result, faults, used };
}

function faultOf(found: string, name: string | undefined, close: string): InterpolationFault | undefined {
  if (found === '${{') {
    const hint = 'Pass the value with env: in the workflow and write ${NAME} here.';
    return { message: 'expected ${NAME}, got a GitHub expression ${{ … }}, which only workflow files know.', hint };
  }
  if (close === '') return { message: 'expected ${NAME}, got a ${ without its }.', hint: escapeHint };
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name ?? '')) return undefined;
  const got = JSON.stringify(found.length > 40 ? `${found.slice(0, 40)}…` : found);
  return {
    message: `expected \${NAME} of letters, digits and _, without a default or operator, got ${got}.`,
    hint: escapeHint,
  };
}

const missing = (name: string): InterpolationFault => ({
  message: `expected the environment variable ${name} to be set, got nothing.`,
  hint: `Set ${name}, in a workflow under env:, or write the value here. Runs for forks read no variables but public ones.`,
});
