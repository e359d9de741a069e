import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** A key and what vouches for it, as PEM. */
export interface Certificate {
  key: string;
  cert: string;
}

/** A certificate for 127.0.0.1 or another name, made now, that nobody vouches for. Needs openssl. */
export function newCertificate(name = 'IP:127.0.0.1'): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'coldgate-certificate-'));
  const [keyPath, certPath] = [join(folder, 'key'), join(folder, 'cert')];
  try {
    const kind = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-days', '2'];
    const names = ['-subj', `/CN=${name.replace(/^\w+:/, '')}`, '-addext', `subjectAltName=${name}`];
    execFileSync('openssl', [...kind, ...names, '-keyout', keyPath, '-out', certPath], { stdio: 'pipe' });
    return { key: readFileSync(keyPath, 'utf8'), cert: readFileSync(certPath, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same, trusted by this process from now on. */
export function trustedCertificate(): Certificate {
  const made = newCertificate();
  setDefaultCACertificates([...getCACertificates('default'), made.cert]);
  return made;
}
