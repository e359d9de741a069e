import { loginVariables } from './cloud-variables.ts';
import { cloudStores, clouds } from './clouds.ts';
import { ColdgateError, exitCodes } from './errors.ts';
import { isProxyAddress, noProxyVariables, proxyVariables } from './proxy.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Settings that the SDK of AWS reads when a client is made; any other value ends the process before a message can be
 * printed.
 */
const words: Readonly<Record<string, readonly string[]>> = {
  AWS_DEFAULTS_MODE: ['auto', 'in-region', 'cross-region', 'mobile', 'standard', 'legacy'],
  AWS_RETRY_MODE: ['standard', 'adaptive', 'legacy'],
  AWS_USE_FIPS_ENDPOINT: ['true', 'false'],
  AWS_USE_DUALSTACK_ENDPOINT: ['true', 'false'],
};

/** What is read to log in, by scheme of stores and provider of targets. */
const read: ReadonlyMap<string, readonly string[]> = new Map(
  cloudStores.flatMap((store) => [
    [clouds[store].scheme, loginVariables[store]],
    [clouds[store].target, loginVariables[store]],
  ]),
);

/** Only the SDK of Azure takes it. */
const proxies = [...proxyVariables, 'ALL_PROXY', 'all_proxy'];

const isControl = (text: string): boolean => /[\p{Cc}\u2028\u2029\ufeff]/u.test(text);

/** What is wrong with a text that is pasted into a header, a signature or an address; the text itself is not in it. */
export function wordFault(text: string): string | undefined {
  if (/[\r\n]$/.test(text)) return 'it ends with a line break';
  if (/[\r\n]/.test(text)) return 'it holds a line break';
  if (isControl(text)) return 'it holds a control character';
  if (text.trim() !== text) return 'it begins or ends with a blank';
  if (/^(["'`]).*\1$/.test(text)) return 'it is in quotes';
  return undefined;
}

function faultOf(name: string, text: string): string | undefined {
  if (noProxyVariables.includes(name))
    return isControl(text) ? 'it holds a line break or control character' : undefined;
  const fault = wordFault(text);
  const known = words[name];
  if (known && !fault) return known.includes(text) ? undefined : `it is none of ${known.join(', ')}`;
  if (fault || !proxies.includes(name)) return fault;
  return isProxyAddress(text) ? undefined : 'it is no address such as http://proxy.example:3128';
}

/**
 * Looks at the variables that open the stores and targets of these kinds, before anything is sent. Throws ColdgateError
 * `bad-credentials` (exit 8) naming each that cannot be right; never a value.
 */
export function checkCredentialWords(kinds: readonly string[], env: Env): void {
  const names = new Set(kinds.flatMap((kind) => read.get(kind) ?? []));
  if (names.size === 0) return;
  const faultsOf = (some: Iterable<string>) =>
    [...some].flatMap((name) => {
      const text = env[name];
      const fault = text ? faultOf(name, text) : undefined;
      return fault === undefined ? [] : [`${name} cannot be right: ${fault}.`];
    });
  const [own, ways] = [faultsOf(names), faultsOf([...proxies, ...noProxyVariables])];
  if (own.length > 0) throw badCredentials([...own, ...ways]);
  if (ways.length > 0) throw badCredentials(ways, 'Write the address of the proxy, or unset the variable.');
}

/** An input or variable that holds a credential. Throws ColdgateError `bad-credentials` (exit 8). */
export function checkToken(name: string, text: string): void {
  const fault = wordFault(text) ?? (/\s/.test(text) ? 'it holds a blank' : undefined);
  if (fault !== undefined) throw badCredentials([`${name} cannot be right: ${fault}.`]);
}

const again = 'Store the value again without it; of a file, without its last line break: printf %s "$(cat FILE)".';
const badCredentials = (faults: readonly string[], cure = again): ColdgateError =>
  new ColdgateError('bad-credentials', exitCodes.denied, faults.join('\n'), { hint: `Nothing was sent. ${cure}` });
