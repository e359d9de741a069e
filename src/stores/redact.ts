/** Secrets that give access to a store: signatures, keys, tokens, session links. */
const secrets: [pattern: RegExp, shown: string][] = [
  [
    /\b(sig|x-goog-signature|x-amz-security-token|upload_id|access_token|refresh_token|id_token|client_secret|client_assertion|subject_token|assertion|accountkey|sharedaccesssignature|signature)(["']?\s*[=:]\s*["']?)[^&;,\s"'<]+/gi,
    '$1$2[redacted]',
  ],
  [/\b(bearer|sharedkey)\s+[\w.~+/=:-]+/gi, '$1 [redacted]'],
  [/\bya29\.[\w.-]+/g, '[redacted]'],
  [/\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g, '[redacted]'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[redacted]'],
];

/** Text of others (a server, an SDK) without what must not be printed. */
export function redact(text: string): string {
  return secrets.reduce((clean, [pattern, shown]) => clean.replace(pattern, shown), text);
}
