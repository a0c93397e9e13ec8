"""``python -m kg_builder.cli``: the ``kg`` command."""

from kg_builder.cli import main

main()
