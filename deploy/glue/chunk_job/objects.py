"""Objects by their address (s3:// in Glue, file:// or s3a:// elsewhere), through Hadoop's file systems."""

from urllib.parse import unquote


def address(bucket, key):
    """Of an object, for Spark: a file URL says `%20` for what Hadoop's path calls by its name."""
    root = unquote(bucket) if bucket.startswith("file:") else bucket
    return f"{root.rstrip('/')}/{key}"


def read_text(spark, url):
    """A small object's text."""
    stream = _system(spark, url).open(_path(spark, url))
    try:
        return bytes(spark._jvm.org.apache.commons.io.IOUtils.toByteArray(stream)).decode()
    finally:
        stream.close()


def write_text(spark, url, text):
    """Writes a small object whole, in the place of any before it."""
    stream = _system(spark, url).create(_path(spark, url), True)
    try:
        stream.write(bytearray(text.encode()))
    finally:
        stream.close()


def exists(spark, url):
    """Whether there is such an object, or a folder with any in it."""
    return _system(spark, url).exists(_path(spark, url))


def files_of(spark, folder):
    """Names and sizes of a folder's files, in the order of their names; none where there is no folder."""
    if not exists(spark, folder):
        return {}
    listed = _system(spark, folder).listStatus(_path(spark, folder))
    found = [(status.getPath().getName(), status.getLen()) for status in listed if status.isFile()]
    return dict(sorted(found))


def rename(spark, source, target):
    """Gives a file another name in its bucket; on S3 that is a copy by the store."""
    if not _system(spark, source).rename(_path(spark, source), _path(spark, target)):
        raise OSError(f"Cannot rename to {target}")


def remove(spark, url):
    """Removes an object, or a folder with all that is in it; no error where there is none."""
    _system(spark, url).delete(_path(spark, url), True)


def _path(spark, url):
    return spark._jvm.org.apache.hadoop.fs.Path(url)


def _system(spark, url):
    return _path(spark, url).getFileSystem(spark._jsc.hadoopConfiguration())
