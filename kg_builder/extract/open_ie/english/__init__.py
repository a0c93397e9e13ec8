"""English: a parser with names, and rules that read statements off its trees."""
