import { z } from 'zod';
import { parseHostPort } from '../host-port.js';
import { allowed, schemaReference, strictObject } from './strict-object.js';

const addressAllowed = "'host:port', for example 'sql-server-host-name:1433', port 1 to 65535";
const aliasAllowed = 'server aliases of letters, digits, _ and -, at most 63 characters';
const categoryAllowed = 'category names of lower-case letters, digits and _, at most 63 characters';
const databasesAllowed = 'a list of database names, each once';
/** sysname: at most 128 characters; control characters would break messages and object keys. */
const sysname = z.string().regex(/^[^\p{Cc}]{1,128}$/u);

const alias = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, allowed(aliasAllowed));
const categoryName = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, allowed(categoryAllowed));

const address = z
  .string(allowed(addressAllowed))
  .refine((text) => parseHostPort(text) !== undefined, allowed(addressAllowed))
  .meta({ pattern: '^.+:\\d{1,5}$' });

const databaseList = z
  .array(sysname, allowed(databasesAllowed))
  .refine(
    (list) => new Set(list.map((name) => name.toLowerCase())).size === list.length,
    allowed(databasesAllowed),
  )
  .meta({ uniqueItems: true });

/** The server mappings: which servers and databases are read, and the source tables of each category. */
export const serverMappingsSchema = strictObject({
  $schema: schemaReference,
  server_mappings: z
    .record(alias, address, {
      error: (issue) =>
        `allowed: ${issue.code === 'invalid_key' ? aliasAllowed : 'server aliases with host:port'}`,
    })
    .refine((servers) => Object.keys(servers).length > 0, allowed('at least one server'))
    .describe('Alias of each source server and its host:port.'),
  databases: z
    .union(
      [databaseList, z.record(alias, databaseList)],
      allowed(`${databasesAllowed}, or such a list per server`),
    )
    .describe('Databases read on every server, or per server alias.'),
  categories: z
    .record(categoryName, z.array(sysname).min(1), {
      error: (issue) =>
        `allowed: ${issue.code === 'invalid_key' ? categoryAllowed : 'source tables per category'}`,
    })
    .describe('Source tables of each category.'),
}).meta({ title: 'Source servers, databases and categories' });

export type ServerMappings = z.infer<typeof serverMappingsSchema>;
