import { readFileSync } from 'node:fs';
import { ensureCertificates } from '../../sandbox/services/certificates.js';
import { createEngine } from '../../sandbox/sqlserver/engine/engine.js';
import { recordingEngine } from '../../sandbox/sqlserver/recorded/engine.js';
import { startTdsServer } from '../../sandbox/sqlserver/server.js';
import { withPeerStatements } from '../peer-statements.js';
import type { WireSourceReply, WireSourceRequest } from './source.js';

/** Entry point of a wire source: serves what its parent sends it, until its parent is gone. */
async function serve({ definition, recording, folder }: WireSourceRequest): Promise<WireSourceReply> {
  const files = await ensureCertificates(folder);
  const { port } = await startTdsServer({
    engine: recordingEngine(withPeerStatements(await createEngine(definition)), recording),
    host: '127.0.0.1',
    port: 0,
    tls: { key: readFileSync(files.keyFile, 'utf8'), cert: readFileSync(files.certFile, 'utf8') },
    serverName: definition.name,
    onInternalError: (error) => console.error(error),
  });
  return { port, caFile: files.caFile };
}

process.once('disconnect', () => process.exit());
process.once('message', (request: WireSourceRequest) => {
  serve(request).then(
    (reply) => process.send?.(reply),
    (error: unknown) => process.send?.({ failed: String(error) } satisfies WireSourceReply),
  );
});
