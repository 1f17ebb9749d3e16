#!/bin/sh
# Issues one certificate for each database, from an authority whose key is thrown away at once: clients here verify
# certificates as they do in production. Does nothing where they exist already.
# Usage: certificates.sh <directory> [<owner of a key> ...], owners as name:uid.
set -eu

directory=$1
shift
cd "$directory"
if [ -f ca.crt ]; then exit 0; fi

authority=$(mktemp -d)
trap 'rm -rf "$authority"' EXIT
openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj '/CN=Authority of this Compose project' \
  -addext 'keyUsage=critical,keyCertSign,cRLSign' -keyout "$authority/ca.key" -out "$authority/ca.crt" 2>/dev/null

for service in "$@"; do
  name=${service%%:*}
  owner=${service##*:}
  openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -addext "subjectAltName=DNS:$name,DNS:localhost" \
    -keyout "$name.key" -out "$authority/$name.csr" 2>/dev/null
  openssl x509 -req -in "$authority/$name.csr" -CA "$authority/ca.crt" -CAkey "$authority/ca.key" -CAcreateserial \
    -days 825 -copy_extensions copy -out "$name.crt" 2>/dev/null
  # Both databases refuse a key that others may read.
  chown "$owner" "$name.key"
  chmod 0400 "$name.key"
  chmod 0444 "$name.crt"
done

# Last: its presence says that all is done.
cp "$authority/ca.crt" ca.crt.part
chmod 0444 ca.crt.part
mv ca.crt.part ca.crt
