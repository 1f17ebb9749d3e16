import { MigrationError } from '../../../engine/errors';
import { describeTable } from '../../../engine/sqlserver/catalog';
import { requireVisible } from '../../../engine/sqlserver/visibility';
import { fakeReader } from './fake-reader';

const object = {
  objectId: 42,
  type: 'U ',
  canSelect: 1,
  unmaskObject: null,
  unmaskDatabase: 0,
  viewDefinition: 1,
  viewState: 1,
  viewPerformanceState: null,
};
const column = (name: string, typeName: string, more: object = {}) => ({
  name,
  typeName,
  maxLength: 50,
  precision: 0,
  scale: 0,
  collation: null,
  nullable: true,
  masked: false,
  encryptionType: null,
  ...more,
});
const index = (column: string, more: object = {}) => ({
  indexId: 2,
  type: 2,
  primaryKey: false,
  filtered: false,
  keyOrdinal: 1,
  partitionOrdinal: 0,
  column,
  ...more,
});
const answers = {
  'o.object_id AS': [object],
  'c.max_length': [
    column('id', 'int', { nullable: false }),
    column('name', 'nvarchar', { collation: 'Latin1_General_CI_AS' }),
  ],
  'sys.indexes': [index('id', { indexId: 1, type: 1, primaryKey: true })],
  'SUM(p.rows)': [{ rows: '40000' }],
  used_page_count: [{ bytes: '8192' }],
};

describe('the description of a table', () => {
  it('holds columns as declared, key, size and permissions', async () => {
    await expect(describeTable(fakeReader(answers), 'dbo', 't')).resolves.toEqual({
      schema: 'dbo',
      table: 't',
      columns: [
        {
          name: 'id',
          type: { kind: 'int', bits: 32 },
          nullable: false,
          sourceType: 'int',
          masked: false,
          encrypted: false,
        },
        {
          name: 'name',
          type: { kind: 'text', maxLength: 25 },
          nullable: true,
          sourceType: 'nvarchar(25)',
          collation: 'Latin1_General_CI_AS',
          masked: false,
          encrypted: false,
        },
      ],
      primaryKey: ['id'],
      leadingIndexColumns: ['id'],
      clusteredColumn: 'id',
      rows: 40_000,
      bytes: 8_192,
      rowLevelSecurity: false,
      permissions: { unmask: false, viewDefinition: true },
    });
  });

  it('counts only what gives a range seek as leading an index', async () => {
    const rows = [
      index('cell_id', { indexId: 1, type: 1, primaryKey: true }),
      index('data_timestamp', { indexId: 1, type: 1, primaryKey: true, keyOrdinal: 2 }),
      index('filtered', { filtered: true }),
      index('columnstore', { type: 6 }),
      index('measured'),
      index('partitioned', { indexId: 0, type: 0, keyOrdinal: 0, partitionOrdinal: 1 }),
    ];
    const info = await describeTable(fakeReader({ ...answers, 'sys.indexes': rows }), 'dbo', 't');
    expect(info.leadingIndexColumns).toEqual(['cell_id', 'measured', 'partitioned']);
    expect(info.primaryKey).toEqual(['cell_id', 'data_timestamp']);
  });

  it('names what was probably meant when a table is missing', async () => {
    const tables = [
      { schema: 'dbo', table: 'orders' },
      { schema: 'archive', table: 'cell_performance_data' },
      { schema: 'dbo', table: 'cell_performance_date' },
    ];
    const reader = fakeReader({ "s.name <> 'sys'": tables });
    await expect(describeTable(reader, 'dbo', 'cell_performance_data')).rejects.toMatchObject({
      code: 'SOURCE_OBJECT',
      message: expect.stringMatching(
        /server01 .*database DatabaseA: table dbo\.cell_performance_data .*archive\.cell_performance_data, dbo\.cell_performance_date/,
      ),
    });
  });

  it('says which grant is missing', async () => {
    const reader = fakeReader({ 'o.object_id AS': [{ ...object, canSelect: 0 }] });
    await expect(describeTable(reader, 'dbo', 't')).rejects.toMatchObject({
      code: 'SOURCE_PERMISSION',
      message: expect.stringContaining('GRANT SELECT ON [dbo].[t]'),
    });
  });

  it('names the column whose type is not carried', async () => {
    const reader = fakeReader({ ...answers, 'c.max_length': [column('shape', 'hologram')] });
    await expect(describeTable(reader, 'dbo', 't')).rejects.toMatchObject({
      code: 'SOURCE_TYPE',
      message: expect.stringMatching(/column shape of dbo\.t: .*hologram/),
    });
  });

  it('reads a CLR type as bytes, whatever its name', async () => {
    const reader = fakeReader({
      ...answers,
      'c.max_length': [{ ...column('shape', 'hologram'), clr: true }],
    });
    await expect(describeTable(reader, 'dbo', 't')).resolves.toMatchObject({
      columns: [{ name: 'shape', sourceType: 'hologram', type: { kind: 'bytes' } }],
    });
  });

  it('goes on where a name is too long for the server to tell its permissions', async () => {
    const reader = fakeReader({ ...answers, 'o.object_id AS': [{ ...object, canSelect: null }] });
    await expect(describeTable(reader, 'dbo', 't')).resolves.toMatchObject({ table: 't' });
    const long = ']'.repeat(128);
    await describeTable(reader, long, long);
    const qualified = reader.asked.flatMap(({ params }) => params).filter(({ name }) => name === 'qualified');
    expect(qualified.at(-1)).toMatchObject({ sqlType: 'nvarchar(517)', value: expect.any(String) });
    expect(String(qualified.at(-1)?.value)).toHaveLength(517);
  });

  it('asks for the exact size with the one permission of SQL Server 2022 as well', async () => {
    const only = [{ ...object, viewState: 0, viewPerformanceState: 1 }];
    const reader = fakeReader({ ...answers, 'o.object_id AS': only });
    await expect(describeTable(reader, 'dbo', 't')).resolves.toMatchObject({ bytes: 8_192 });
  });

  it('goes without a size where the server does not tell it', async () => {
    const hidden = { ...answers, 'o.object_id AS': [{ ...object, viewState: 0, viewPerformanceState: 0 }] };
    const denied = new MigrationError('SOURCE_PERMISSION', 'no');
    const reader = fakeReader({ 'sys.allocation_units': denied, ...hidden });
    await expect(describeTable(reader, 'dbo', 't')).resolves.toMatchObject({ bytes: undefined });
    expect(reader.asked.some(({ statement }) => statement.includes('used_page_count'))).toBe(false);
  });
});

describe('hidden data', () => {
  const describeWith = async (columns: object[], more: object = {}, predicates = 0) =>
    describeTable(
      fakeReader({
        ...answers,
        'o.object_id AS': [{ ...object, ...more }],
        'c.max_length': columns,
        'sys.security_predicates': [{ predicates }],
      }),
      'dbo',
      't',
    );
  const { place } = fakeReader({});

  it('is refused, naming every column and reason', async () => {
    const info = await describeWith(
      [
        column('name', 'varchar', { masked: true }),
        column('mail', 'varchar', { masked: true }),
        column('ssn', 'varchar', { encryptionType: 1 }),
      ],
      {},
      1,
    );
    expect(() => requireVisible(info, place)).toThrow(
      expect.objectContaining({
        code: 'SOURCE_HIDDEN_DATA',
        message: expect.stringMatching(
          /masked columns name, mail .*encrypted columns ssn .*row-level security/,
        ),
      }),
    );
  });

  it.each([{ unmaskDatabase: 1 }, { unmaskObject: 1 }])(
    'is none where masks are lifted by %p',
    async (grant) => {
      const info = await describeWith([column('name', 'varchar', { masked: true })], grant);
      expect(() => requireVisible(info, place)).not.toThrow();
    },
  );

  it('cannot be ruled out without VIEW DEFINITION', async () => {
    const info = await describeWith([column('name', 'varchar')], { viewDefinition: 0 });
    expect(() => requireVisible(info, place)).toThrow(expect.objectContaining({ code: 'SOURCE_PERMISSION' }));
  });
});
