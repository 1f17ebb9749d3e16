"""One step of one chunk as a Spark job: what export.py and transform.py share. See docs/aws.md, "Glue"."""
