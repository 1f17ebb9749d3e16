import { awsFailure } from '../../../config/aws/call';
import { glueError, isUnanswered } from '../../../engine/glue/glue-error';
import { s3Error } from '../../../engine/storage/s3-error';
import { setVariables } from '../../support/environment';

const error = Object.assign(new Error('Could not load credentials from any providers'), {
  name: 'CredentialsProviderError',
});
const call = {
  subject: 'RDS_AUTH',
  action: 'rds-db:connect',
  resource: 'migration@host',
  region: 'eu-west-1',
};
const attempt = { verb: 'read', key: 'a', url: 's3://b', region: 'eu-west-1', settings: {} } as const;
const told = () => [
  awsFailure(error, call),
  glueError(error, { action: 'glue:GetJob', resource: 'a job' }),
  s3Error(error, attempt),
];

test('credentials that nobody has given are to be mended by a person', () => {
  const codes = ['AWS_ACCESS', 'GLUE_ACCESS', 'STORAGE_ACCESS'];
  expect(told()).toMatchObject(codes.map((code) => ({ code, retryable: false })));
});

test.each([
  ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', '/v2/credentials/id'],
  ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://169.254.170.23/v1/credentials'],
])('where %s says that the container has a role, they are asked for again', (name, value) => {
  const restore = setVariables({ [name]: value });
  const codes = ['AWS_UNAVAILABLE', 'GLUE_UNAVAILABLE', 'STORAGE_IO'];
  expect(told()).toMatchObject(codes.map((code) => ({ code, retryable: true })));
  expect(isUnanswered(error)).toBe(false);
  restore();
});
