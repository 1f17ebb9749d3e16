import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedSchemas } from './published-schemas.js';

const directory = join(__dirname, 'schemas');
mkdirSync(directory, { recursive: true });
for (const [name, text] of Object.entries(publishedSchemas())) writeFileSync(join(directory, name), text);
