"""``python -m finetune`` is ``kg-finetune``."""

from finetune.cli import main

main()
