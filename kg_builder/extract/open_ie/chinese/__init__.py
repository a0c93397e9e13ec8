"""Chinese: a word cutter and parser, and rules that read statements off its trees."""
