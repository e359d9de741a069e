import { leaksIn } from '../stores/leaks.ts';

/** Variables whose values nobody may read in a log. Those that name files or addresses are none. */
const secretName = /(?:SECRET|TOKEN|PASSWORD|CONNECTION_STRING)(?!.*_(?:FILE|URI|URL)$)/;

/** What of the variables is secret, by name: of a connection string the key in it. */
export function secretsOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value = ''] of Object.entries(env)) {
    if (!secretName.test(name)) continue;
    const secret = name.endsWith('CONNECTION_STRING') ? (/AccountKey=([^;]+)/.exec(value)?.[1] ?? '') : value;
    if (secret.length >= 12) found[name] = secret;
  }
  return found;
}

/**
 * Throws where something that a process printed gives away one of its own secrets. Telling the runner what to mask is the
 * one place where a secret must be printed.
 */
export function assertNoSecrets(printed: string, env: NodeJS.ProcessEnv): void {
  const text = printed.replaceAll(/^::add-mask::.*$/gm, '');
  const leaked = leaksIn(text, secretsOf(env));
  if (leaked.length > 0) throw new Error(`A process printed the value of ${leaked.join(', ')}.`);
}
