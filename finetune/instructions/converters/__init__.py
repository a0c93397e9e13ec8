"""From a data set's own files to `finetune.instructions.records.Annotated`: one function for each form of file.

Each takes a file and a counter, streams records, and counts what it cannot use by reason: ``encoding``, ``json``,
``fields``, ``empty-text``, ``empty-field``. A file that is no such file at all is a `DataError`.
"""
