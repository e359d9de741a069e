/** How a secret may stand in a text: as it is, as URLs and headers carry it, and as logs of JSON do. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const asJson = JSON.stringify(secret).slice(1, -1);
  return [secret, encodeURIComponent(secret), asJson, bytes.toString('base64'), bytes.toString('hex')];
}

/** Short parts of a long key are as bad as all of it: any of its lines and any 40 characters of it count. */
const partsOf = (secret: string): string[] =>
  secret
    .split('\n')
    .filter((line) => line.length >= 12 && !line.startsWith('-----'))
    .flatMap((line) => (line.length > 60 ? [line.slice(0, 40), line.slice(-40)] : [line]));

/** Names of the secrets that a text gives away. @param secrets by name; each of at least 12 characters */
export function leaksIn(text: string, secrets: Readonly<Record<string, string>>): string[] {
  return Object.entries(secrets)
    .filter(([, secret]) => partsOf(secret).some((part) => formsOf(part).some((form) => text.includes(form))))
    .map(([name]) => name);
}
