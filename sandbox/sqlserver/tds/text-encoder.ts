import iconv from 'iconv-lite';
import type { CodePage } from '../collations.js';
import type { ByteWriter } from './byte-writer.js';
import { collationByName } from './collation.js';

/** What writes a char type's text in the bytes of its collation. */
export function encoderOf(collation: string): (out: ByteWriter, text: string) => void {
  const { codePage } = collationByName(collation);
  return codePage === 'utf8' ? encodeUtf8 : (out, text) => encodeCodePage(out, text, codePage);
}

/** ASCII is the same everywhere, 1252 has A0-FF in common with Unicode; what has no place in a code page becomes '?'. */
function encodeCodePage(out: ByteWriter, text: string, codePage: CodePage): void {
  const at = out.ensure(text.length);
  const latin = codePage === 'cp1252';
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80 && (!latin || unit < 0xa0 || unit > 0xff)) {
      out.bytes(iconv.encode(text, codePage));
      return;
    }
    out.buffer[at + i] = unit;
  }
  out.length = at + text.length;
}

function encodeUtf8(out: ByteWriter, text: string): void {
  const at = out.ensure(text.length * 3);
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) {
      out.length = at + out.buffer.write(text, at, 'utf8');
      return;
    }
    out.buffer[at + i] = unit;
  }
  out.length = at + text.length;
}
