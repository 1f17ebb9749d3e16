import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface Certificates {
  /** PEM file of the authority that clients must trust. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const days = 24 * 3_600_000;

/**
 * The sandbox's authority and one server certificate for localhost and 127.0.0.1, made once and kept in
 * `directory`; made anew when fewer than 30 days are left. The authority's key is thrown away after signing,
 * so nothing else can ever be issued in its name.
 */
export async function ensureCertificates(directory: string): Promise<Certificates> {
  const files = {
    caFile: join(directory, 'ca.pem'),
    certFile: join(directory, 'server.pem'),
    keyFile: join(directory, 'server.key'),
  };
  if (existsSync(files.keyFile) && stillValid(files.certFile)) return files;
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const validity = {
    notBeforeDate: new Date(Date.now() - days),
    notAfterDate: new Date(Date.now() + 365 * days),
  };
  const ca = await generate([{ name: 'commonName', value: 'Migration sandbox CA' }], {
    ...validity,
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...validity,
    algorithm: 'sha256',
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  writeFileSync(files.caFile, ca.cert);
  writeFileSync(files.certFile, server.cert);
  writeFileSync(files.keyFile, server.private, { mode: 0o600 });
  return files;
}

function stillValid(certFile: string): boolean {
  if (!existsSync(certFile)) return false;
  const { validTo } = new X509Certificate(readFileSync(certFile));
  return Date.parse(validTo) - Date.now() > 30 * days;
}
