import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { foundingDatabase, foundingStyles } from '../../../sandbox/seed/founding-servers.js';
import type { MotoServer } from '../../../sandbox/services/moto.js';
import { type BothEngines, startBothEngines } from '../../integration/glue/both-engines.js';
import { describeFoundingDay } from '../../integration/glue/founding-day.js';
import { startTestMoto, type TestServer } from '../../integration/storage/s3-servers.js';

jest.setTimeout(300_000);

let moto: TestServer<MotoServer>;
let engines: BothEngines;
beforeAll(async () => {
  moto = await startTestMoto();
  const { endpoint } = moto.server;
  const keepSecret = async (SecretString: string) => {
    const { ARN = '' } = await new SecretsManagerClient({ endpoint }).send(
      new CreateSecretCommand({ Name: 'migration/source', SecretString }),
    );
    return ARN;
  };
  engines = await startBothEngines(foundingStyles(300).server01.slice(0, 1).map(foundingDatabase), {
    ...{ endpoint, bucket: moto.open(), keepSecret },
  });
}, 300_000);
afterAll(async () => {
  await engines?.close();
  await moto?.stop();
});

describe('a day of the founding case, on S3 with the secret from Secrets Manager', () => {
  describeFoundingDay(() => engines, 'DatabaseA', 'datetime2(3)');
});
